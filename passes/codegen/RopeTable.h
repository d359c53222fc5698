// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The values of a RoPE table, with the roundings of Hugging Face transformers in f32.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cria {

/// RoPE scaling as the recipe states it; see #llama.linear_scaling and #llama.llama3_scaling.
struct RopeTableScaling {
  bool isLlama3 = false;
  double factor = 1, lowFreqFactor = 1, highFreqFactor = 1;
  int64_t originalContext = 0;
};

/// headDim / 2 inverse frequencies: theta^(-2i/headDim) in f32, scaled in f32.
std::vector<float> inverseFrequencies(double theta, int64_t headDim,
                                      const std::optional<RopeTableScaling> &scaling);

/// Fills one row, 2 * frequencies.size() elements: the cosines of position * frequency, then the sines. The
/// angle is an f32 product; its cosine and sine are computed in double and rounded once.
void fillRopeRow(std::span<const float> frequencies, int64_t position, float *row);

} // namespace cria
