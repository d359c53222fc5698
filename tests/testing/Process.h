// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs real programs from tests and collects what they print.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cria::test {

struct ProcessResult {
  int exitCode = -1; // 128 + signal when a signal ended it
  std::string output;
  std::string errors;
};

/// Runs `program` with `arguments`, `input` as standard input, and `environment` ("NAME=value") added to this
/// process's.
ProcessResult runProcess(const std::string &program, const std::vector<std::string> &arguments,
                         const std::string &input = "", const std::vector<std::string> &environment = {});

/// Becomes `program`, in a forked child.
[[noreturn]] void execute(const std::string &program, const std::vector<std::string> &arguments,
                          const std::vector<std::string> &environment);

/// The built cria with these arguments.
ProcessResult runCria(const std::vector<std::string> &arguments, const std::string &input = "",
                      const std::vector<std::string> &environment = {});

/// A folder that is removed with the object.
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
