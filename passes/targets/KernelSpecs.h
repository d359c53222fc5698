// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Specifications of the kernels that every target with code has: the constants compiled into a kernel, its
// name and its bindings. How a kernel computes its result is up to the target.
#pragma once

#include "format/KvType.h"
#include "format/StepFields.h"
#include "ir/ElementTypes.h"
#include "ir/LlamaShapes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"

#include <cassert>
#include <string>
#include <vector>

namespace cria {

/// The stride between rows in elements, where a stride of 0 means dense rows of `width` elements.
inline int64_t strideOf(int64_t stride, int64_t width) { return stride ? stride : width; }

/// Appends "_<tag><stride>" to a kernel's name unless rows are dense.
inline void appendStride(std::string &name, llvm::StringRef tag, int64_t stride, int64_t width) {
  if (strideOf(stride, width) != width) {
    name += llvm::formatv("_{0}{1}", tag, stride).str();
  }
}

/// Appends "_<tag>at<offset>" to a kernel's name unless the offset is 0.
inline void appendOffset(std::string &name, llvm::StringRef tag, int64_t offset) {
  if (offset) {
    name += llvm::formatv("_{0}at{1}", tag, offset).str();
  }
}

/// Appends "_<activation>" to a kernel's name unless it is none.
inline void appendActivation(std::string &name, llama::Activation activation) {
  if (activation != llama::Activation::none) {
    name += "_" + llama::stringifyActivation(activation).str();
  }
}

/// Appends "_tokens" or "_outputs" to a kernel's name: the quantity of the step that is its number of rows.
inline void appendRows(std::string &name, ExtentKind rows) {
  assert((rows == ExtentKind::tokens || rows == ExtentKind::outputs) && "rows are T or R");
  name += rows == ExtentKind::tokens ? "_tokens" : "_outputs";
}

/// The bits of `value` in hexadecimal, for kernel names: different values give different names.
inline std::string floatTag(float value) { return llvm::formatv("{0:x-8}", llvm::bit_cast<uint32_t>(value)); }

/// y = x · 1/sqrt(mean(x²) + epsilon) · weight; x = row.
struct NormSpec {
  int64_t width;
  float epsilon;
  int64_t inputStride = 0, outputStride = 0;
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "weight", "output"}; }
};

/// silu(input), lhs·rhs or lhs + rhs, element by element; x = row.
struct ElementwiseSpec {
  enum class Kind { silu, mul, add };
  Kind kind;
  int64_t width;
  int64_t lhsStride = 0, rhsStride = 0, outputStride = 0;
  bool isUnary() const;
  std::string name() const;
  std::vector<std::string> bindings() const;
};

/// Rotates the heads of a row, element i of a head's first half with element i of its second; x = row.
struct RopeSpec {
  int64_t heads, headDim;
  int64_t inputStride = 0, outputStride = 0;
  int64_t inputOffset = 0; ///< elements from the start of the binding to the first row
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "positions", "table", "output"}; }
};

/// The dimensions of a KV cache. The layout of a page is up to the target, but for that of scales: each layer
/// ends with them, [KV head][32 of keys | 32 of values].
struct KvCacheSpec {
  static constexpr int64_t kPageTokens = 32;
  int64_t layers, kvHeads, headDim;
  ElementType type;
  int64_t width() const { return kvHeads * headDim; } ///< columns of a row of keys
  bool hasScales() const { return hasKvScales(type); }
  int64_t headScales() const { return hasScales() ? 2 * kPageTokens : 0; } ///< of a layer of a page
  /// Bytes of a layer of a page, of its elements and of all, where a KV head has `headElements`.
  int64_t layerElementBytes(int64_t headElements) const {
    return kvHeads * headElements * int64_t(sizeOf(type));
  }
  int64_t layerBytes(int64_t headElements) const {
    return layerElementBytes(headElements) + kvHeads * headScales() * int64_t(sizeOf(kKvScaleType));
  }
  std::string name() const;
};

/// Writes the keys and values of a row into the cache; x = row. With `rotate`, rotates the keys first, and
/// the queries into a separate output. A row with slot -1 is not written to the cache.
struct KvAppendSpec {
  KvCacheSpec kv;
  bool rotate = false;
  int64_t heads = 0; ///< of the queries, when rotating
  int64_t queryStride = 0, keyStride = 0, valueStride = 0, outputStride = 0;
  int64_t queryOffset = 0, keyOffset = 0, valueOffset = 0;
  std::string name() const;
  std::vector<std::string> bindings() const;
};

} // namespace cria
