// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small things that every kernel family of the cuda target needs.
#pragma once

#include "passes/targets/cuda/DeviceEmitter.h"
#include "passes/targets/cuda/Kernels.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"

namespace cria::cuda {

/// A row stride, with 0 standing for dense rows.
inline int64_t strideOf(int64_t stride, int64_t width) { return stride ? stride : width; }

/// Adds "_<tag><stride>" to a kernel's name unless rows are dense.
inline void appendStride(std::string &name, llvm::StringRef tag, int64_t stride, int64_t width) {
  if (strideOf(stride, width) != width) {
    name += llvm::formatv("_{0}{1}", tag, stride).str();
  }
}

/// Adds "_<tag>at<offset>" to a kernel's name unless it is 0.
inline void appendOffset(std::string &name, llvm::StringRef tag, int64_t offset) {
  if (offset) {
    name += llvm::formatv("_{0}at{1}", tag, offset).str();
  }
}

/// A float in a kernel's name: its bits, so that unequal values never share a name.
inline std::string floatTag(float value) { return llvm::formatv("{0:x-8}", llvm::bit_cast<uint32_t>(value)); }

inline mlir::Type mlirType(mlir::Builder &builder, ElementType type) {
  return type == ElementType::F32   ? mlir::Type(builder.getF32Type())
         : type == ElementType::F16 ? mlir::Type(builder.getF16Type())
                                    : mlir::Type(builder.getBF16Type());
}

/// T or R from the binding "step"; cria_step_header begins with num_tokens, num_outputs.
inline Int loadRowCount(KernelFunction &kernel, RowCount rows) {
  DeviceEmitter &e = kernel.emitter();
  return e.loadInt(kernel.buffer("step"), e.constant(rows == RowCount::Tokens ? 0 : 1));
}

/// 1/sqrt(mean(x²) + epsilon) of `width` f32 values by a block of `threads` threads: each thread sums every
/// threads-th column in order, then a fixed tree over lanes, then over warps. `scratch`: 64 bytes of shared
/// memory that nobody uses until the next barrier. Contains a barrier.
mlir::Value emitInverseRms(DeviceEmitter &e, Pointer row, int64_t width, float epsilon, int64_t threads,
                           Pointer scratch);

} // namespace cria::cuda
