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

private:
  CancelFlag flag_;
  struct sigaction before_ {};
};

/// SIGINT does nothing while it lives, except in an InterruptScope.
class InterruptsIgnored {
public:
  InterruptsIgnored();
  ~InterruptsIgnored();
  InterruptsIgnored(const InterruptsIgnored &) = delete;
  InterruptsIgnored &operator=(const InterruptsIgnored &) = delete;

private:
  struct sigaction before_ {};
};

} // namespace cria::cli
