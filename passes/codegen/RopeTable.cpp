// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE angles. Every rounding step is one that transformers takes too: angles of thousands of radians make
// any other order of operations visible in the logits.
#include "passes/codegen/RopeTable.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace cria {

/// theta^(2i/headDim), the reciprocal of a frequency.
static float periodOf(double theta, int64_t headDim, int64_t i) {
  float exponent = float(2 * i) / float(headDim);
  return float(std::pow(double(float(theta)), double(exponent)));
}

static float scaleLlama3(float frequency, const RopeScaling &scaling) {
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

/// The dimension, not rounded, whose frequency makes `rotations` within the original context.
static double yarnDimension(double rotations, double theta, int64_t headDim, const RopeScaling &scaling) {
  const double original = double(scaling.originalContext);
  return double(headDim) * std::log(original / (rotations * 2 * std::numbers::pi)) / (2 * std::log(theta));
}

/// The dimensions between which YaRN passes from keeping a frequency to dividing it.
static std::pair<double, double> yarnRange(double theta, int64_t headDim, const RopeScaling &scaling) {
  double low = yarnDimension(scaling.betaFast, theta, headDim, scaling);
  double high = yarnDimension(scaling.betaSlow, theta, headDim, scaling);
  if (scaling.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, double(headDim - 1));
  return {low, low == high ? high + 0.001 : high};
}

static std::vector<float> yarnFrequencies(double theta, int64_t headDim, const RopeScaling &scaling) {
  const auto [low, high] = yarnRange(theta, headDim, scaling);
  std::vector<float> frequencies;
  for (int64_t i = 0; i < headDim / 2; ++i) {
    float period = periodOf(theta, headDim, i);
    float ramp = std::clamp((float(i) - float(low)) / float(high - low), 0.0f, 1.0f);
    float kept = 1 - ramp;
    frequencies.push_back(1.0f / (float(scaling.factor) * period) * (1 - kept) + 1.0f / period * kept);
  }
  return frequencies;
}

static float scaleFrequency(float frequency, const RopeScaling &scaling) {
  return scaling.kind == RopeScaling::Kind::llama3 ? scaleLlama3(frequency, scaling)
                                                   : frequency / float(scaling.factor);
}

std::vector<float> inverseFrequencies(double theta, int64_t headDim,
                                      const std::optional<RopeScaling> &scaling) {
  if (scaling && scaling->kind == RopeScaling::Kind::yarn) {
    return yarnFrequencies(theta, headDim, *scaling);
  }
  std::vector<float> frequencies;
  for (int64_t i = 0; i < headDim / 2; ++i) {
    float frequency = 1.0f / periodOf(theta, headDim, i);
    frequencies.push_back(scaling ? scaleFrequency(frequency, *scaling) : frequency);
  }
  return frequencies;
}

float ropeMagnitude(const std::optional<RopeScaling> &scaling) {
  return scaling && scaling->kind == RopeScaling::Kind::yarn ? float(scaling->attentionFactor) : 1.0f;
}

void fillRopeRow(std::span<const float> frequencies, float magnitude, int64_t position, float *row) {
  for (size_t i = 0; i < frequencies.size(); ++i) {
    float angle = float(position) * frequencies[i];
    row[i] = float(std::cos(double(angle))) * magnitude;
    row[frequencies.size() + i] = float(std::sin(double(angle))) * magnitude;
  }
}

} // namespace cria
