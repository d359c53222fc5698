// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small things that every kernel family of the cpu target needs.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

#include "llvm/Support/FormatVariadic.h"

namespace cria::cpu {

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
inline Ix loadRowCount(KernelFunction &kernel, RowCount rows) {
  Emitter &e = kernel.emitter();
  return e.fromUnsigned(e.loadScalar(kernel.buffer("step"), e.index(rows == RowCount::Tokens ? 0 : 1)));
}

/// Runs body(column, count) for the columns of a row in vectors of 16; the last count may be less.
inline void forColumns(Emitter &e, int64_t width, llvm::function_ref<void(Ix, int64_t)> body) {
  int64_t full = width - width % kLanes;
  e.forEach(e.index(0), e.index(full), kLanes, [&](Ix column) { body(column, kLanes); });
  if (full != width) {
    body(e.index(full), width - full);
  }
}

} // namespace cria::cpu
