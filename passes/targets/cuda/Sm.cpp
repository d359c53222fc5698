// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of SMs, oldest first.
#include "passes/targets/cuda/Sm.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

namespace cria::cuda {

/// Older architectures lack cp.async, and mma.sync with bf16.
static constexpr Sm kSms[] = {{"sm_80", "ptx70"}, {"sm_86", "ptx71"}, {"sm_89", "ptx78"}, {"sm_90", "ptx78"}};

const Sm *findSm(llvm::StringRef name) {
  const Sm *found = llvm::find_if(kSms, [&](const Sm &sm) { return sm.name == name; });
  return found == std::end(kSms) ? nullptr : found;
}

llvm::ArrayRef<Sm> allSms() { return kSms; }

} // namespace cria::cuda
