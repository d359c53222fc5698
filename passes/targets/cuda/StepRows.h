// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of a step in cuda kernels: their number, and the RMS of one row.
#pragma once

#include "passes/targets/cuda/DeviceEmitter.h"
#include "passes/targets/cuda/Kernels.h"

namespace cria::cuda {

/// T or R from the binding "step", the words of cria_step_header.
inline Index loadRowCount(KernelFunction &kernel, ExtentKind rows) {
  DeviceEmitter &e = kernel.emitter();
  return e.loadInt(kernel.buffer("step"), e.constant(int64_t(headerField(rows))));
}

constexpr int64_t kFourFloats = 4; ///< of one 16-byte load

/// A row of f32 values that threads read several columns at a time.
struct FloatRow {
  Pointer at;
  int64_t width;
  bool isAligned; ///< to 16 bytes

  /// `count` columns, a multiple of 4, from `first` on. isLast: there may be fewer, and the others are 0.
  /// REQUIRES: first < width, and that both are multiples of 4 if the row is aligned.
  DeviceEmitter::Values columns(DeviceEmitter &e, Index first, int64_t count, bool isLast) const;
};

/// 1/sqrt(mean(x²) + epsilon) of a row by a block of `threads` threads: thread t sums four columns from 4·t
/// on, then those 4·threads further, and so on, one after the other; then a fixed tree over lanes, then over
/// warps. `scratch`: 64 bytes of shared memory that no thread accesses until the next barrier. Contains a
/// barrier.
mlir::Value emitInverseRms(DeviceEmitter &e, const FloatRow &row, float epsilon, int64_t threads,
                           Pointer scratch);

} // namespace cria::cuda
