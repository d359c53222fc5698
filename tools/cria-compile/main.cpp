// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-compile: compiles a checkpoint into a package. `cria compile` starts it.
#include "passes/targets/TargetRegistry.h"
#include "tools/cria-compile/Compilation.h"

#include <atomic>
#include <csignal>
#include <fmt/format.h>

static std::atomic<bool> cancelled;

// The first signal stops the writing, which removes what is not complete; a second one ends the process.
static void cancel(int signal) {
  cancelled = true;
  std::signal(signal, SIG_DFL);
}

static std::string versionText() { return "cria-compile " CRIA_VERSION " (LLVM " CRIA_LLVM_VERSION ")"; }

int main(int argc, char **argv) {
  std::signal(SIGINT, cancel);
  std::signal(SIGTERM, cancel);
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write()
  llvm::SmallVector<std::string> targets = cria::targetNames();
  cria::CommandLine line =
      cria::parseCommandLine(argc, argv, {targets.begin(), targets.end()}, versionText());
  if (!line.options) {
    fmt::print(line.exitCode == 0 ? stdout : stderr, "{}", line.text);
    return line.exitCode;
  }
  cria::Status status = cria::Compilation(*line.options, cancelled).run();
  if (!status.ok()) {
    fmt::print(stderr, "error: {}\n", status.message());
  }
  return status.ok() ? 0 : 2;
}
