// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic on vectors of 16 floats that several kernel families share. Each function fixes one order of
// operations; docs/numerics.md states the formulas.
#pragma once

#include "passes/targets/cpu/Emitter.h"

namespace cria::cpu {

/// e^x, exact at 0; x is clamped to [-87.33654, 88.37626]; NaN gives NaN.
mlir::Value emitExp(Emitter &e, mlir::Value x);
/// x / (1 + e^-x).
mlir::Value emitSilu(Emitter &e, mlir::Value x);
/// Sum of 16 lanes by halves: lane i + lane i+8, then 4, 2, 1. A scalar.
mlir::Value emitSum(Emitter &e, mlir::Value vector);
/// Maximum of 16 lanes by halves. A scalar.
mlir::Value emitMax(Emitter &e, mlir::Value vector);
/// fmix32 of murmur3 on a scalar or vector of i32.
mlir::Value emitMix(Emitter &e, mlir::Value h);

} // namespace cria::cpu
