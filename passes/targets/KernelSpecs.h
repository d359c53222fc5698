// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that every target with code has in the same shape: what is baked in, how they are named, what they
// bind. How they compute is the target's own.
#pragma once

#include "passes/targets/KernelSupport.h"

#include <vector>

namespace cria {

/// What a linear layer does to its products before a residual is added.
enum class Activation { none, swiglu };
/// Gate and up rows of a SwiGLU weight alternate in blocks of so many rows.
constexpr int64_t kSwigluBlock = 16;

/// y = x · 1/sqrt(mean(x²) + epsilon) · weight; x = row.
struct NormSpec {
  int64_t width;
  float epsilon;
  int64_t inputStride = 0, outputStride = 0;
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "weight", "output"}; }
};

/// silu(input), lhs·rhs or lhs+rhs; x = row.
struct ElementwiseSpec {
  enum class Kind { silu, mul, add };
  Kind kind;
  int64_t width;
  int64_t lhsStride = 0, rhsStride = 0, outputStride = 0;
  bool isUnary() const;
  std::string name() const;
  std::vector<std::string> bindings() const;
};

/// Rotates the heads of a row by halves; x = row.
struct RopeSpec {
  int64_t heads, headDim;
  int64_t inputStride = 0, outputStride = 0;
  int64_t inputOffset = 0; ///< elements from the binding to the first row
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "positions", "table", "output"}; }
};

/// The extents of a KV cache; where a page keeps what is the target's own.
struct KvShape {
  static constexpr int64_t kPageTokens = 32;
  int64_t layers, kvHeads, headDim;
  ElementType type;
  int64_t width() const { return kvHeads * headDim; } ///< of a row of keys
  std::string name() const;
};

/// Writes the keys and values of a row into the cache; with `rotate`, rotates the keys first and the queries
/// into an output of their own. x = row. Slot -1: nothing is written to the cache.
struct KvAppendSpec {
  KvShape kv;
  bool rotate = false;
  int64_t heads = 0; ///< of the queries, when rotating
  int64_t queryStride = 0, keyStride = 0, valueStride = 0, outputStride = 0;
  int64_t queryOffset = 0, keyOffset = 0, valueOffset = 0;
  std::string name() const;
  std::vector<std::string> bindings() const;
};

} // namespace cria
