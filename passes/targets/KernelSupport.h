// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernel families of every target with code share: element types, where row counts come from, and
// the parts of kernel names.
#pragma once

#include "ir/ElementTypes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"

#include <string>

namespace cria {

/// Where a kernel takes its number of rows from.
enum class RowCount { Tokens, Outputs };

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

} // namespace cria
