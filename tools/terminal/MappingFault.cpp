// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/MappingFault.h"

#include "support/MappedFile.h"

#include <csignal>
#include <string_view>
#include <unistd.h>

namespace cria::cli {
namespace {

void writeText(std::string_view text) {
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) {
    // The exit code remains.
  }
}

/// Only functions that may be called in signal handlers.
void onBusError(int signal, siginfo_t *info, void *) {
  constexpr int kExitError = 2;
  const char *path = findMappedFile(info->si_addr);
  if (path == nullptr) { // another fault: it occurs again
    std::signal(signal, SIG_DFL);
    return;
  }
  writeText("error: ");
  writeText(path);
  writeText(": the file became shorter, or could not be read, while it was in use; run again, and replace a "
            "package by renaming a new one, not by writing into it\n");
  _exit(kExitError);
}

} // namespace

void reportMappingFaults() {
  struct sigaction action{};
  action.sa_sigaction = onBusError;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

} // namespace cria::cli
