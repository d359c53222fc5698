// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The streaming multiprocessors that code is made for.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace cria::cuda {

struct Sm {
  llvm::StringLiteral name; ///< "sm_80"
  llvm::StringLiteral ptx;  ///< the lowest PTX version that knows it, as LLVM names it: "ptx70"
};

/// Every card that this target makes code for holds this much shared memory in a block: the least of them.
constexpr int64_t kMaxSharedBytes = 99 * 1024;

/// nullptr: not one of ours.
const Sm *findSm(llvm::StringRef name);
llvm::ArrayRef<Sm> allSms();

} // namespace cria::cuda
