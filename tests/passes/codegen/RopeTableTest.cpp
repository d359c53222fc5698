// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares RoPE frequencies with their formulas in f64, and the rows with sine and cosine.
#include "passes/codegen/RopeTable.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

using namespace cria;

namespace {

constexpr double kTolerance = 1e-6; // relative: a few roundings in f32

TEST(RopeTable, Frequencies) {
  auto frequencies = inverseFrequencies(10000, 128, std::nullopt);
  ASSERT_EQ(frequencies.size(), 64u);
  EXPECT_EQ(frequencies[0], 1.0f);
  for (int i = 0; i < 64; ++i) {
    double expected = std::pow(10000.0, -2.0 * i / 128);
    EXPECT_NEAR(frequencies[i] / expected, 1, kTolerance) << i;
  }
}

TEST(RopeTable, LinearScalingDivides) {
  auto plain = inverseFrequencies(10000, 32, std::nullopt);
  auto scaled = inverseFrequencies(10000, 32, RopeScaling{.factor = 4});
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(scaled[i], plain[i] / 4);
  }
}

TEST(RopeTable, Llama3ScalingByWavelength) {
  RopeScaling scaling{.kind = RopeScaling::Kind::llama3,
                      .factor = 8,
                      .lowFreqFactor = 1,
                      .highFreqFactor = 4,
                      .originalContext = 8192};
  auto plain = inverseFrequencies(500000, 128, std::nullopt);
  auto scaled = inverseFrequencies(500000, 128, scaling);
  int kept = 0, divided = 0, between = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    double f = plain[i], wavelength = 2 * std::numbers::pi / f;
    double s = (8192 / wavelength - 1) / 3;
    bool isShort = wavelength < 8192 / 4.0, isLong = wavelength > 8192;
    double expected = isShort ? f : isLong ? f / 8 : (1 - s) * f / 8 + s * f;
    EXPECT_NEAR(scaled[i] / expected, 1, 1e-5) << i;
    (isShort ? kept : isLong ? divided : between) += 1;
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(divided, 0);
  EXPECT_GT(between, 0);
}

TEST(RopeTable, RowsAreCosinesThenSinesOfF32Angles) {
  auto frequencies = inverseFrequencies(10000, 8, std::nullopt);
  float row[8];
  fillRopeRow(frequencies, 1, 0, row);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(row[i], 1.0f);
    EXPECT_EQ(row[4 + i], 0.0f);
  }
  fillRopeRow(frequencies, 1, 4095, row);
  for (int i = 0; i < 4; ++i) {
    float angle = 4095.0f * frequencies[i];
    EXPECT_EQ(row[i], float(std::cos(double(angle))));
    EXPECT_EQ(row[4 + i], float(std::sin(double(angle))));
  }
}

// By the formulas of the YaRN paper, in f64.
TEST(RopeTable, YarnScalingByRotations) {
  RopeScaling scaling{.kind = RopeScaling::Kind::yarn, .factor = 16, .originalContext = 4096};
  auto plain = inverseFrequencies(10000, 128, std::nullopt);
  auto scaled = inverseFrequencies(10000, 128, scaling);
  const auto dimension = [](double rotations) {
    return 128 * std::log(4096 / (2 * std::numbers::pi * rotations)) / (2 * std::log(10000.0));
  };
  const double low = std::floor(dimension(32)), high = std::ceil(dimension(1));
  int kept = 0, divided = 0, between = 0;
  for (int i = 0; i < 64; ++i) {
    const double f = plain[i], s = std::clamp((i - low) / (high - low), 0.0, 1.0);
    EXPECT_NEAR(scaled[i] / (s * f / 16 + (1 - s) * f), 1, kTolerance) << i;
    (s == 0 ? kept : s == 1 ? divided : between) += 1;
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(divided, 0);
  EXPECT_GT(between, 0);
}

TEST(RopeTable, YarnMultipliesCosinesAndSines) {
  RopeScaling scaling{.kind = RopeScaling::Kind::yarn, .originalContext = 64, .attentionFactor = 1.25};
  EXPECT_EQ(ropeMagnitude(std::nullopt), 1);
  EXPECT_EQ(ropeMagnitude(RopeScaling{.factor = 4, .attentionFactor = 2}), 1);
  EXPECT_EQ(ropeMagnitude(scaling), 1.25f);
  const std::vector<float> frequencies = {1};
  float plain[2], multiplied[2];
  fillRopeRow(frequencies, 1, 7, plain);
  fillRopeRow(frequencies, 1.25f, 7, multiplied);
  EXPECT_EQ(multiplied[0], plain[0] * 1.25f);
  EXPECT_EQ(multiplied[1], plain[1] * 1.25f);
}

} // namespace
