// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of the opset as formulas in double precision, written from their definitions (RMSNorm: Zhang and
// Sennrich 2019; RoPE: Su et al. 2021, in the order of halves; SwiGLU: Shazeer 2020; grouped queries: Ainslie
// et al. 2023).
#pragma once

#include "tools/cria-plugin-test/OpCall.h"

namespace cria::conformance {

/// Row-major values.
struct Matrix {
  uint64_t rows = 0;
  uint64_t columns = 0;
  std::vector<double> values;
  double &at(uint64_t i, uint64_t j) { return values[i * columns + j]; }
  double at(uint64_t i, uint64_t j) const { return values[i * columns + j]; }
};

Matrix matrixOf(const View &view);

/// What operand `output` of the call should hold. Attention reads `cache` as it is now: call it after the op
/// ran.
Matrix expectedOutput(const OpCall &call);

/// Element of the array behind `cache`, [P, 2, kv_heads, page_tokens, head_dim].
uint64_t cacheElement(const View &cache, uint64_t slot, bool isValue, uint64_t kvHead, uint64_t dimension);

/// What the array of operand `weight` should hold after fill_ones or fill_random.
std::vector<double> expectedWeight(const OpCall &call, const std::vector<double> &before);

/// What the cache should hold after kv_append or rope_attention, before rounding to the cache's type.
std::vector<double> expectedCache(const OpCall &call, const std::vector<double> &before);

} // namespace cria::conformance
