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

/// 1/sqrt(mean(x²) + epsilon) of `width` f32 values by a block of `threads` threads: each thread sums every
/// threads-th column in order, then a fixed tree over lanes, then over warps. `scratch`: 64 bytes of shared
/// memory that no thread accesses until the next barrier. Contains a barrier.
mlir::Value emitInverseRms(DeviceEmitter &e, Pointer row, int64_t width, float epsilon, int64_t threads,
                           Pointer scratch);

} // namespace cria::cuda
