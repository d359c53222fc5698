// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ctrl-C as a flag: the first press ends the running work cleanly, the second the program.
#pragma once

#include "runtime/exec/CancelFlag.h"

namespace cria::cli {

/// Routes SIGINT to its flag while it lives. One at a time.
class InterruptScope {
public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

  const CancelFlag *flag() const { return &flag_; }
  bool interrupted() const { return flag_.isSet(); }

private:
  CancelFlag flag_;
};

} // namespace cria::cli
