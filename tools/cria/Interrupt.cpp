// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Interrupt.h"

#include <atomic>
#include <cerrno>
#include <unistd.h>

namespace cria::cli {
namespace {

/// Globals, because a signal handler uses them.
std::atomic<CancelFlag *> activeFlag = nullptr;
std::atomic<bool> secondEndsProgram = true;
std::atomic<int> wakeDescriptor = -1;

extern "C" void onInterrupt(int signal) {
  CancelFlag *flag = activeFlag.load();
  if (flag != nullptr && !flag->isSet()) {
    flag->set();
    wake(wakeDescriptor);
  } else if (secondEndsProgram) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

struct sigaction handle(void (*handler)(int), int flags = SA_RESTART) {
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = flags;
  sigaction(SIGINT, &action, &before);
  return before;
}

void restore(const struct sigaction &before) { sigaction(SIGINT, &before, nullptr); }

} // namespace

void wake(int descriptor) {
  const int before = errno;
  if (descriptor >= 0 && write(descriptor, "", 1) < 0) {
    // A full pipe wakes the reader as well.
  }
  errno = before;
}

InterruptScope::InterruptScope(SecondInterrupt second) {
  activeFlag = &flag_;
  secondEndsProgram = second == SecondInterrupt::endsProgram;
  before_ = handle(onInterrupt);
}

InterruptScope::~InterruptScope() {
  restore(before_);
  activeFlag = nullptr;
}

void InterruptScope::setWakeDescriptor(int descriptor) { wakeDescriptor = descriptor; }

void InterruptScope::setEndsWaiting(bool ends) { handle(onInterrupt, ends ? 0 : SA_RESTART); }

} // namespace cria::cli
