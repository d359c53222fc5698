// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The values of a RoPE table, with the roundings of Hugging Face transformers in f32.
#pragma once

#include "format/RopeScaling.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cria {

/// headDim / 2 inverse frequencies: theta^(-2i/headDim) in f32, scaled in f32.
std::vector<float> inverseFrequencies(double theta, int64_t headDim,
                                      const std::optional<RopeScaling> &scaling);

/// What multiplies every cosine and sine: 1 unless the scaling states another factor.
float ropeMagnitude(const std::optional<RopeScaling> &scaling);

/// Fills one row, 2 * frequencies.size() elements: the cosines of position * frequency, then the sines, each
/// multiplied by `magnitude`. The angle is an f32 product; its cosine and sine are computed in double and
/// rounded once.
void fillRopeRow(std::span<const float> frequencies, float magnitude, int64_t position, float *row);

} // namespace cria
