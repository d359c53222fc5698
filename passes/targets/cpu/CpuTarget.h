// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cpu target: native code for one instruction set level, "cpu-x86-64-v3", "cpu-x86-64-v4",
// "cpu-x86-64-v4-vnni", "cpu-x86-64-v4-vnni-bf16" or "cpu-aarch64".
// Weights with codes are multiplied in class int8, those in bf16 in class bf16 on request. Fused norms are
// decomposed; activations and residuals are computed with their linear; rope_attention becomes two
// dispatches.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// The target for the instruction set level with this name (passes/targets/cpu/Isa.h), such as "x86-64-v4";
/// null if there is none.
std::unique_ptr<Target> createCpuTarget(llvm::StringRef isa);

} // namespace cria
