// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns Ctrl-C, and signals that ask the program to end, into a flag that cancels the running work.
#pragma once

#include "runtime/exec/CancelFlag.h"

#include <array>
#include <csignal>

namespace cria::cli {

enum class SecondInterrupt { endsProgram, isIgnored };

/// Sets its flag on SIGINT, SIGTERM and SIGHUP during its lifetime; restores the previous handlers after it.
/// A second request ends the program at once; requests within a tenth of a second count as one, because the
/// same one may also come through the process group. SIGHUP stays ignored where it was. One object at a
/// time.
class InterruptScope {
public:
  /// second: what a second SIGINT does. SIGTERM and SIGHUP always end the program the second time.
  explicit InterruptScope(SecondInterrupt second = SecondInterrupt::endsProgram);
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

  const CancelFlag *flag() const { return &flag_; }
  bool interrupted() const { return flag_.isSet(); }
  /// Whether SIGTERM or SIGHUP asked the program, and not only the running work, to end.
  bool isEnding() const;
  /// Cancels the running work without a signal.
  void cancel() { flag_.set(); }
  /// Clears the flag, unless the program is to end.
  void clear();
  /// Whether an interrupt ends a blocking system call with EINTR, as reading a line needs it. Initially
  /// false.
  void setEndsWaiting(bool ends);
  /// The descriptor to which an interrupt, on any thread, writes a byte, to wake a poll of the other end. -1:
  /// none.
  void setWakeDescriptor(int descriptor);

private:
  CancelFlag flag_;
  std::array<struct sigaction, 3> before_{};
};

/// 128 + the signal that asked to end; 130, as after Ctrl-C, if there was none.
int exitCodeOfInterrupt();

/// Writes a byte to a descriptor unless it is -1. May be called in signal handlers.
void wake(int descriptor);

} // namespace cria::cli
