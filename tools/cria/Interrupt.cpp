// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Interrupt.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <unistd.h>

namespace cria::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

/// Globals, because a signal handler uses them.
std::atomic<CancelFlag *> activeFlag = nullptr;
std::atomic<bool> secondEndsProgram = true;
std::atomic<int> wakeDescriptor = -1;
std::atomic<int> lastSignal = 0;   // that was counted
std::atomic<int> endingSignal = 0; // SIGTERM or SIGHUP
std::atomic<int64_t> lastRequestMs = 0;

int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// Whether this is the first request of its kind.
bool isFirst(int signal, const CancelFlag *flag) {
  return flag != nullptr && (signal == SIGINT ? !flag->isSet() : endingSignal.load() == 0);
}

extern "C" void onInterrupt(int signal) {
  constexpr int64_t kOneRequestMs = 100;
  CancelFlag *flag = activeFlag.load();
  const int64_t now = nowMs();
  if (isFirst(signal, flag)) {
    lastSignal = signal;
    lastRequestMs = now;
    endingSignal = signal == SIGINT ? endingSignal.load() : signal;
    flag->set();
    wake(wakeDescriptor);
  } else if (now - lastRequestMs.load() > kOneRequestMs && (signal != SIGINT || secondEndsProgram)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

struct sigaction handle(int signal, int flags = SA_RESTART) {
  struct sigaction action{};
  struct sigaction before{};
  sigaction(signal, nullptr, &before);
  if (signal == SIGHUP && before.sa_handler == SIG_IGN) { // by nohup
    return before;
  }
  action.sa_handler = onInterrupt;
  sigemptyset(&action.sa_mask);
  for (const int other : kSignals) { // one handler at a time
    sigaddset(&action.sa_mask, other);
  }
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
  return before;
}

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
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    before_[i] = handle(kSignals[i]);
  }
}

InterruptScope::~InterruptScope() {
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &before_[i], nullptr);
  }
  activeFlag = nullptr;
}

bool InterruptScope::isEnding() const { return endingSignal.load() != 0; }

void InterruptScope::clear() {
  flag_.clear();
  if (isEnding()) { // also a request that came meanwhile
    flag_.set();
  }
}

void InterruptScope::setWakeDescriptor(int descriptor) { wakeDescriptor = descriptor; }

void InterruptScope::setEndsWaiting(bool ends) {
  for (const int signal : kSignals) {
    handle(signal, ends ? 0 : SA_RESTART);
  }
}

int exitCodeOfInterrupt() {
  constexpr int kExitSignal = 128;
  const int signal = endingSignal.load() != 0 ? endingSignal.load() : lastSignal.load();
  return kExitSignal + (signal != 0 ? signal : SIGINT);
}

} // namespace cria::cli
