// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs programs in processes of their own and collects their output.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cria::test {

struct ProcessResult {
  int exitCode = -1; // 128 + signal if a signal ended it
  std::string output;
  std::string errors;
};

/// Runs `program` with `arguments`, with `input` as standard input, and with `environment` ("NAME=value")
/// added to that of this process.
ProcessResult runProcess(const std::string &program, const std::vector<std::string> &arguments,
                         const std::string &input = "", const std::vector<std::string> &environment = {});

/// Executes `program` in a forked child, which it replaces.
[[noreturn]] void execute(const std::string &program, const std::vector<std::string> &arguments,
                          const std::vector<std::string> &environment);

/// Runs the cria of this build.
ProcessResult runCria(const std::vector<std::string> &arguments, const std::string &input = "",
                      const std::vector<std::string> &environment = {});

/// A new temporary folder, which is removed with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  std::string path(const std::string &name = "") const { return (folder_ / name).string(); }

private:
  std::filesystem::path folder_;
};

std::string readFile(const std::string &path);
void writeFile(const std::string &path, const std::string &content);

} // namespace cria::test
