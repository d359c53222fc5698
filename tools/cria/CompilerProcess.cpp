// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CompilerProcess.h"

#include "Command.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace cria::cli {
namespace {

using Arguments = std::vector<std::string>;

std::vector<char *> pointersTo(Arguments &arguments) {
  std::vector<char *> pointers;
  for (std::string &argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

sigset_t endingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

/// output: the file descriptor that becomes the child's stdout; -1: the child inherits ours.
StatusOr<pid_t> spawn(const std::string &program, const Arguments &arguments, int output) {
  Arguments all = {program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  }
  // The child obeys the signals that this process forwards.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults = endingSignals();
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  sigset_t blocked;
  sigemptyset(&blocked);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int problem =
      posix_spawn(&child, program.c_str(), &actions, &attributes, pointersTo(all).data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) {
    return error(StatusCode::io, "cannot start '{}': {}", program, std::strerror(problem));
  }
  return child;
}

StatusOr<int> waitFor(pid_t child) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) {
      return error(StatusCode::internal, "cannot wait for the compiler: {}", std::strerror(errno));
    }
  }
  constexpr int kNotStarted = 127; // of the dynamic loader, which has printed the reason
  if (WIFEXITED(state) && WEXITSTATUS(state) == kNotStarted) {
    return error(StatusCode::io,
                 "the compiler could not be started (see above); install the libraries that it "
                 "needs");
  }
  if (!WIFSIGNALED(state)) {
    return WEXITSTATUS(state);
  }
  switch (WTERMSIG(state)) {
  case SIGINT:
    return kExitInterrupted;
  case SIGTERM:
    return kExitTerminated;
  case SIGPIPE: // the reader of the output has closed it
    return kExitPipeClosed;
  default:
    return error(StatusCode::internal, "the compiler was terminated by signal {}", WTERMSIG(state));
  }
}

std::atomic<pid_t> compilerProcess = 0; // a global, because a signal handler reads it

extern "C" void forwardSignal(int signal) {
  const int before = errno;
  kill(compilerProcess, signal);
  errno = before;
}

/// Forwards SIGINT and SIGTERM to the compiler, for whose end this process then waits. Signals are blocked
/// until the compiler runs. The compiler counts a signal that also reaches it directly, as Ctrl-C does, once.
class EndingForwarded {
public:
  EndingForwarded() {
    const sigset_t set = endingSignals();
    sigprocmask(SIG_BLOCK, &set, &mask_);
    struct sigaction action{};
    action.sa_handler = forwardSignal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, &beforeInterrupt_);
    sigaction(SIGTERM, &action, &beforeTermination_);
  }
  ~EndingForwarded() {
    sigaction(SIGINT, &beforeInterrupt_, nullptr);
    sigaction(SIGTERM, &beforeTermination_, nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  EndingForwarded(const EndingForwarded &) = delete;
  EndingForwarded &operator=(const EndingForwarded &) = delete;

  void to(pid_t child) {
    compilerProcess = child;
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

private:
  sigset_t mask_{};
  struct sigaction beforeInterrupt_{};
  struct sigaction beforeTermination_{};
};

std::string readAll(int file) {
  std::string text;
  std::array<char, 512> part;
  for (ssize_t count = 0; (count = read(file, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<size_t>(count));
  }
  return text;
}

} // namespace

StatusOr<std::string> findCompiler() {
  std::error_code problem;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", problem);
  const std::filesystem::path path = self.parent_path() / "cria-compile";
  if (problem || access(path.c_str(), X_OK) != 0) {
    return error(
        StatusCode::notFound,
        "the compiler is not installed: expected '{}'; if this is an installation of the runtime alone, "
        "compile on a machine with the compiler and copy the package",
        path.string());
  }
  return path.string();
}

StatusOr<std::string> compilerVersion() {
  CRIA_ASSIGN_OR_RETURN(const std::string program, findCompiler());
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    return error(StatusCode::io, "cannot create a pipe: {}", std::strerror(errno));
  }
  const StatusOr<pid_t> child = spawn(program, {"--version"}, ends[1]);
  close(ends[1]);
  const std::string text = child.ok() ? readAll(ends[0]) : "";
  close(ends[0]);
  if (!child.ok()) {
    return child.status();
  }
  CRIA_ASSIGN_OR_RETURN(const int code, waitFor(*child));
  if (code != 0) {
    return error(StatusCode::internal, "'{}' --version failed with exit code {}", program, code);
  }
  return text.substr(0, text.find('\n'));
}

StatusOr<int> runCompiler(const std::vector<std::string> &arguments) {
  CRIA_ASSIGN_OR_RETURN(const std::string program, findCompiler());
  EndingForwarded forwarded;
  CRIA_ASSIGN_OR_RETURN(const pid_t child, spawn(program, arguments, -1));
  forwarded.to(child);
  return waitFor(child);
}

} // namespace cria::cli
