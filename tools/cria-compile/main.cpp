// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-compile: compiles a checkpoint into a package. `cria compile` starts it.
#include "tools/cria-compile/Compilation.h"
#include "tools/cria-compile/TargetNames.h"
#include "tools/terminal/Terminal.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

static std::atomic<bool> cancelled;
static std::atomic<int> cancellingSignal;
static std::atomic<int64_t> cancelledAtMs;

static int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// Stops the compilation, which removes what is not complete. A second request ends the process at once. One
// request may arrive several times within moments: directly, through the process group, and through `cria`.
static void cancel(int signal) {
  constexpr int64_t kOneRequestMs = 100;
  if (!cancelled) {
    cancellingSignal = signal;
    cancelledAtMs = nowMs();
    cancelled = true;
  } else if (nowMs() - cancelledAtMs > kOneRequestMs) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

static std::string versionText() { return "cria-compile " CRIA_VERSION " (LLVM " CRIA_LLVM_VERSION ")"; }

// A requested end is no error: 130 after Ctrl-C, 143 after SIGTERM (docs/decisions/0002).
static int report(const cria::Status &status) {
  constexpr int kExitError = 2, kExitSignal = 128;
  if (status.code() == cria::StatusCode::cancelled) {
    cria::cli::logInfo(false, "interrupted");
    return kExitSignal + cancellingSignal;
  }
  cria::cli::logError("{}", status.message());
  return kExitError;
}

int main(int argc, char **argv) {
  cria::cli::openStandardStreams();
  std::signal(SIGINT, cancel);
  std::signal(SIGTERM, cancel);
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write()
  cria::CommandLine line = cria::parseCommandLine(argc, argv, cria::targetHelp(), versionText());
  if (!line.options) {
    line.exitCode == 0 ? (void)cria::cli::writeData(line.text) : cria::cli::writeMessage(line.text);
  }
  cria::Status status = line.options ? cria::Compilation(*line.options, cancelled).run() : cria::Status();
  if (status.ok() && !cria::cli::finishData()) {
    status = cria::error(cria::StatusCode::io,
                         "cannot write to standard output: is the disk full or the pipe closed?");
  }
  return !status.ok() ? report(status) : line.exitCode;
}
