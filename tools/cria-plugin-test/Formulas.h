// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of the opset as formulas in double precision, written from their definitions (RMSNorm: Zhang and
// Sennrich 2019; RoPE: Su et al. 2021, in the order of halves; SwiGLU: Shazeer 2020; grouped queries: Ainslie
// et al. 2023).
#pragma once

#include "tools/cria-plugin-test/OpCall.h"

namespace cria::conformance {

/// A dense row-major matrix.
struct Matrix {
  uint64_t rows = 0;
  uint64_t columns = 0;
  std::vector<double> values;
  double &at(uint64_t i, uint64_t j) { return values[i * columns + j]; }
  double at(uint64_t i, uint64_t j) const { return values[i * columns + j]; }
};

Matrix matrixOf(const View &view);

/// Returns the expected contents of operand `output`. Attention reads the current contents of `cache`, so
/// call this after the op has run.
Matrix expectedOutput(const OpCall &call);

/// Returns the index of an element in the array of `cache`, [P, 2, kv_heads, page_tokens, head_dim].
uint64_t cacheElement(const View &cache, uint64_t slot, bool isValue, uint64_t kvHead, uint64_t dimension);

/// Returns the expected contents of the array of operand `weight` after fill_ones or fill_random.
std::vector<double> expectedWeight(const OpCall &call, const std::vector<double> &before);

/// Returns the expected contents of the cache after kv_append or rope_attention, not rounded to the cache's
/// type.
std::vector<double> expectedCache(const OpCall &call, const std::vector<double> &before);

} // namespace cria::conformance
