// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the kernels under compute-sanitizer, NVIDIA's checker for memory accesses and races on shared memory.
#include "tools/cria-device-check/Checks.h"

#include "tests/testing/Process.h"

#include <fmt/format.h>
#include <sstream>

namespace cria::check {
namespace {

namespace fs = std::filesystem;

constexpr const char *kChecker = "compute-sanitizer";
constexpr int kFoundErrors = 99;

/// Searches PATH and the toolkit's default folder. Returns an empty path if there is no checker.
fs::path findChecker() {
  const char *path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/local/cuda/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / kChecker)) {
      return fs::path(folder) / kChecker;
    }
  }
  return {};
}

std::string lastLineOf(const std::string &text) {
  const size_t end = text.find_last_not_of('\n');
  const size_t begin = text.rfind('\n', end);
  return end == std::string::npos ? "" : text.substr(begin + 1, end - begin);
}

Row runUnder(const fs::path &checker, const std::string &tool, const CheckOptions &options) {
  // Failed driver calls are not reported: the backend counts a kernel's parameters until a query fails.
  std::vector<std::string> arguments = {"--tool",
                                        tool,
                                        "--report-api-errors",
                                        "no",
                                        "--error-exitcode",
                                        std::to_string(kFoundErrors),
                                        options.program.string(),
                                        "--only",
                                        "kernels",
                                        "--exclude",
                                        "real-", // minutes each
                                        "--data",
                                        options.data.string(),
                                        "--backend",
                                        options.backend,
                                        "--device",
                                        std::to_string(options.device),
                                        "--json",
                                        "/dev/null"};
  for (const std::string &filter : options.filters) {
    arguments.insert(arguments.end(), {"--filter", filter});
  }
  for (const std::string &part : options.excluded) {
    arguments.insert(arguments.end(), {"--exclude", part});
  }
  for (const fs::path &folder : options.pluginFolders) {
    arguments.insert(arguments.end(), {"--plugin-dir", folder.string()});
  }
  const test::ProcessResult result = test::runProcess(checker.string(), arguments);
  return {.section = "memory",
          .name = tool,
          .target = "",
          .outcome = result.exitCode == 0 ? Outcome::ok : Outcome::failed,
          .text =
              fmt::format("exit code {}: {}", result.exitCode, lastLineOf(result.output + result.errors))};
}

} // namespace

void checkMemory(const CheckOptions &options, Report &report) {
  const fs::path checker = findChecker();
  for (const std::string tool : {"memcheck", "racecheck", "synccheck"}) {
    report.add(checker.empty()
                   ? Row{"memory", tool, "", Outcome::skipped, fmt::format("{} is not in PATH", kChecker)}
                   : runUnder(checker, tool, options));
  }
}

} // namespace cria::check
