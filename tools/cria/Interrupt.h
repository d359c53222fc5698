// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns Ctrl-C into a flag that cancels the running work.
#pragma once

#include "runtime/exec/CancelFlag.h"

#include <csignal>

namespace cria::cli {

enum class SecondInterrupt { endsProgram, isIgnored };

/// Sets its flag on SIGINT during its lifetime; restores the previous handler after it. One object at a time.
class InterruptScope {
public:
  explicit InterruptScope(SecondInterrupt second = SecondInterrupt::endsProgram);
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

  const CancelFlag *flag() const { return &flag_; }
  bool interrupted() const { return flag_.isSet(); }
  /// Clears the flag.
  void clear() { flag_.clear(); }
  /// Whether an interrupt ends a blocking system call with EINTR, as reading a line needs it. Initially
  /// false.
  void setEndsWaiting(bool ends);
  /// The descriptor to which an interrupt, on any thread, writes a byte, to wake a poll of the other end. -1:
  /// none.
  void setWakeDescriptor(int descriptor);

private:
  CancelFlag flag_;
  struct sigaction before_{};
};

/// Writes a byte to a descriptor unless it is -1. May be called in signal handlers.
void wake(int descriptor);

} // namespace cria::cli
