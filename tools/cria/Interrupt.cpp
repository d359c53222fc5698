// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Interrupt.h"

#include <atomic>
#include <csignal>

namespace cria::cli {
namespace {

// A signal handler can only be told through a global.
std::atomic<CancelFlag *> activeFlag = nullptr;

extern "C" void onInterrupt(int signal) {
  CancelFlag *flag = activeFlag.load();
  if (flag == nullptr || flag->isSet()) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  flag->set();
}

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

} // namespace

InterruptScope::InterruptScope() {
  activeFlag = &flag_;
  handle(onInterrupt);
}

InterruptScope::~InterruptScope() {
  activeFlag = nullptr;
  handle(SIG_DFL);
}

} // namespace cria::cli
