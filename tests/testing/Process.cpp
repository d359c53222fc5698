// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/Process.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace cria::test {
namespace {

/// Redirects to files, since a full pipe would block the program.
struct Streams {
  TemporaryFolder folder;
  std::string input = folder.path("in"), output = folder.path("out"), errors = folder.path("err");
};

[[noreturn]] void becomeChild(const std::string &program, const std::vector<std::string> &arguments,
                              const std::vector<std::string> &environment, const Streams &streams) {
  const bool open = std::freopen(streams.input.c_str(), "r", stdin) != nullptr &&
                    std::freopen(streams.output.c_str(), "w", stdout) != nullptr &&
                    std::freopen(streams.errors.c_str(), "w", stderr) != nullptr;
  if (!open) {
    _exit(127);
  }
  execute(program, arguments, environment);
}

} // namespace

void execute(const std::string &program, const std::vector<std::string> &arguments,
             const std::vector<std::string> &environment) {
  for (const std::string &variable : environment) {
    putenv(const_cast<char *>(variable.c_str()));
  }
  std::vector<char *> pointers = {const_cast<char *>(program.c_str())};
  for (const std::string &argument : arguments) {
    pointers.push_back(const_cast<char *>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  _exit(127);
}

ProcessResult runProcess(const std::string &program, const std::vector<std::string> &arguments,
                         const std::string &input, const std::vector<std::string> &environment) {
  const Streams streams;
  writeFile(streams.input, input);
  const pid_t child = fork();
  if (child == 0) {
    becomeChild(program, arguments, environment, streams);
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return {code, readFile(streams.output), readFile(streams.errors)};
}

ProcessResult runCria(const std::vector<std::string> &arguments, const std::string &input,
                      const std::vector<std::string> &environment) {
  return runProcess(CRIA_BINARY_DIR "/bin/cria", arguments, input, environment);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "cria-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder");
  }
  folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void writeFile(const std::string &path, const std::string &content) {
  std::ofstream(path, std::ios::binary) << content;
}

} // namespace cria::test
