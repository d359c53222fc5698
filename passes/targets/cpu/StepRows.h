// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of a step in cpu kernels: their number, and the loop over the columns of a row.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

/// T or R from the binding "step", the words of cria_step_header.
inline Index loadRowCount(KernelFunction &kernel, ExtentKind rows) {
  Emitter &e = kernel.emitter();
  return e.fromUnsigned(e.loadScalar(kernel.buffer("step"), e.index(int64_t(headerField(rows)))));
}

/// Runs body(column, count) for the columns of a row in vectors of 16; the last count may be smaller.
inline void forColumns(Emitter &e, int64_t width, llvm::function_ref<void(Index, int64_t)> body) {
  int64_t full = width - width % kLanes;
  e.forEach(e.index(0), e.index(full), kLanes, [&](Index column) { body(column, kLanes); });
  if (full != width) {
    body(e.index(full), width - full);
  }
}

} // namespace cria::cpu
