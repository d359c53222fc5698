// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Interrupt.h"

#include <atomic>

namespace cria::cli {
namespace {

// A signal handler can only be told through globals.
std::atomic<CancelFlag *> activeFlag = nullptr;
std::atomic<bool> secondEndsProgram = true;

extern "C" void onInterrupt(int signal) {
  CancelFlag *flag = activeFlag.load();
  if (flag != nullptr && !flag->isSet()) {
    flag->set();
  } else if (secondEndsProgram) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

struct sigaction handle(void (*handler)(int)) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &before);
  return before;
}

void restore(const struct sigaction &before) { sigaction(SIGINT, &before, nullptr); }

} // namespace

InterruptScope::InterruptScope(SecondInterrupt second) {
  activeFlag = &flag_;
  secondEndsProgram = second == SecondInterrupt::endsProgram;
  before_ = handle(onInterrupt);
}

InterruptScope::~InterruptScope() {
  restore(before_);
  activeFlag = nullptr;
}

InterruptsIgnored::InterruptsIgnored() : before_(handle(SIG_IGN)) {}
InterruptsIgnored::~InterruptsIgnored() { restore(before_); }

} // namespace cria::cli
