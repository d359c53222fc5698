// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one table of intrinsics that the simulator knows.
#pragma once

#include "Thread.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace cria::gpusim {

enum class Treatment : uint8_t {
  Host,       ///< stays: host code generation has it
  Register,   ///< argument: offset in Thread
  Constant,   ///< argument: the value
  Collective, ///< of a warp
  Barrier,    ///< of the block
  CopyAsync,  ///< argument: bytes
  CommitCopies,
  WaitCopies, ///< operand: groups that may be pending
  WaitAllCopies,
  Function, ///< becomes a call of `function`
  Drop,     ///< no effect here: fences, prefetches
};

struct Intrinsic {
  llvm::StringLiteral name; ///< whole, or a prefix where it ends in '.'
  Treatment treatment;
  uint32_t argument = 0;
  Collective collective = Collective::WarpSync;
  bool maskFirst = true; ///< the first operand is the mask of lanes; otherwise all lanes take part
  llvm::StringLiteral function = "";
};

/// nullptr: not known. Generic intrinsics (llvm.fma and the like) are Host.
const Intrinsic *findIntrinsic(llvm::StringRef name);

} // namespace cria::gpusim
