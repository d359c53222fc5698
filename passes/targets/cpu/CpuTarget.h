// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cpu target: native code for one instruction set level, "cpu-x86-64-v3", "cpu-x86-64-v4" or
// "cpu-aarch64". Norms run by themselves; activations and residuals stay with their linear; rope_attention
// becomes two dispatches.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// The target for an instruction set level of passes/targets/cpu/Isa.h, by its name ("x86-64-v4"); null for
/// another.
std::unique_ptr<Target> createCpuTarget(llvm::StringRef isa);

} // namespace cria
