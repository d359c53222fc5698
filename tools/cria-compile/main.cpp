// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-compile: compiles a checkpoint into a package. `cria compile` starts it.
#include "tools/cria-compile/Compilation.h"
#include "tools/cria-compile/TargetNames.h"
#include "tools/terminal/Terminal.h"

#include <atomic>
#include <csignal>

static std::atomic<bool> cancelled;

// Stops the compilation, which removes what is not complete. A second Ctrl-C ends the process at once;
// SIGTERM may come twice, to this process's group and through `cria`.
static void cancel(int signal) {
  cancelled = true;
  if (signal == SIGINT) {
    std::signal(signal, SIG_DFL);
  }
}

static std::string versionText() { return "cria-compile " CRIA_VERSION " (LLVM " CRIA_LLVM_VERSION ")"; }

// Ctrl-C is the user's wish and no error (docs/decisions/0002).
static int report(const cria::Status &status) {
  constexpr int kExitError = 2, kExitInterrupted = 130;
  if (status.code() == cria::StatusCode::cancelled) {
    cria::cli::talk(false, "interrupted");
    return kExitInterrupted;
  }
  cria::cli::talk(false, "error: {}", status.message());
  return kExitError;
}

int main(int argc, char **argv) {
  cria::cli::openStandardStreams();
  std::signal(SIGINT, cancel);
  std::signal(SIGTERM, cancel);
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write()
  cria::CommandLine line = cria::parseCommandLine(argc, argv, cria::targetHelp(), versionText());
  if (!line.options) {
    line.exitCode == 0 ? (void)cria::cli::writeData(line.text) : cria::cli::writeTalk(line.text);
  }
  cria::Status status = line.options ? cria::Compilation(*line.options, cancelled).run() : cria::Status();
  if (status.ok() && !cria::cli::finishData()) {
    status = cria::error(cria::StatusCode::io,
                         "cannot write to standard output: is the disk full or the pipe closed?");
  }
  return !status.ok() ? report(status) : line.exitCode;
}
