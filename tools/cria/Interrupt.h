// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ctrl-C as a flag that ends the running work cleanly.
#pragma once

#include "runtime/exec/CancelFlag.h"

#include <csignal>

namespace cria::cli {

enum class SecondInterrupt { endsProgram, isIgnored };

/// Routes SIGINT to its flag while it lives, then back to where it went before. One at a time.
class InterruptScope {
public:
  explicit InterruptScope(SecondInterrupt second = SecondInterrupt::endsProgram);
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

  const CancelFlag *flag() const { return &flag_; }
  bool interrupted() const { return flag_.isSet(); }
  /// Forgets an interrupt that was dealt with.
  void clear() { flag_.clear(); }
  /// Whether an interrupt ends a system call that waits (with EINTR), as reading a line wants it. At first:
  /// no.
  void setEndsWaiting(bool ends);
  /// Where a byte is written to when an interrupt comes, on whatever thread: wakes who polls the other end.
  /// -1: nowhere.
  void setWakeDescriptor(int descriptor);

private:
  CancelFlag flag_;
  struct sigaction before_{};
};

/// Writes a byte to a descriptor, if it is one; for signal handlers.
void wake(int descriptor);

} // namespace cria::cli
