// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The GPU architectures (SM versions) that the compiler emits code for.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace cria::cuda {

struct Sm {
  llvm::StringLiteral name; ///< "sm_80"
  llvm::StringLiteral ptx;  ///< the lowest PTX version that supports it, as LLVM names it: "ptx70"
};

/// The shared memory per block, in bytes, that every GPU of these architectures has.
constexpr int64_t kMaxSharedBytes = 99 * 1024;

/// The architecture with this name, or null.
const Sm *findSm(llvm::StringRef name);
llvm::ArrayRef<Sm> allSms();

} // namespace cria::cuda
