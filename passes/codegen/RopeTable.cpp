// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE angles. Every rounding step is one that transformers takes too: angles of thousands of radians make
// any other order of operations visible in the logits.
#include "passes/codegen/RopeTable.h"

#include <cmath>
#include <numbers>

namespace cria {

static float scaleLlama3(float frequency, const RopeTableScaling &scaling) {
  float original = float(scaling.originalContext), factor = float(scaling.factor);
  float low = float(scaling.lowFreqFactor), high = float(scaling.highFreqFactor);
  float wavelength = float(2 * std::numbers::pi) / frequency;
  if (wavelength < original / high) {
    return frequency;
  }
  if (wavelength > original / low) {
    return frequency / factor;
  }
  float smooth = (original / wavelength - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

std::vector<float> inverseFrequencies(double theta, int64_t headDim,
                                      const std::optional<RopeTableScaling> &scaling) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < headDim / 2; ++i) {
    float exponent = float(2 * i) / float(headDim);
    float frequency = 1.0f / float(std::pow(double(float(theta)), double(exponent)));
    if (scaling) {
      frequency = scaling->isLlama3 ? scaleLlama3(frequency, *scaling) : frequency / float(scaling->factor);
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

void fillRopeRow(std::span<const float> frequencies, int64_t position, float *row) {
  for (size_t i = 0; i < frequencies.size(); ++i) {
    float angle = float(position) * frequencies[i];
    row[i] = float(std::cos(double(angle)));
    row[frequencies.size() + i] = float(std::sin(double(angle)));
  }
}

} // namespace cria
