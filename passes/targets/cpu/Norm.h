// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMSNorm of one row, for the kernels that contain it.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

/// Writes row x of the binding "input", normalized and times the binding "weight", to `output` from `start`
/// on.
void normalizeRow(KernelFunction &kernel, const NormSpec &spec, mlir::Value output, Index start);

} // namespace cria::cpu
