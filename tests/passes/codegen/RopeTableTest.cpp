// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares RoPE frequencies with their formulas in f64, and the rows with sine and cosine.
#include "passes/codegen/RopeTable.h"

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
  auto scaled = inverseFrequencies(10000, 32, RopeTableScaling{.factor = 4});
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(scaled[i], plain[i] / 4);
  }
}

TEST(RopeTable, Llama3ScalingByWavelength) {
  RopeTableScaling scaling{
      .isLlama3 = true, .factor = 8, .lowFreqFactor = 1, .highFreqFactor = 4, .originalContext = 8192};
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
  fillRopeRow(frequencies, 0, row);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(row[i], 1.0f);
    EXPECT_EQ(row[4 + i], 0.0f);
  }
  fillRopeRow(frequencies, 4095, row);
  for (int i = 0; i < 4; ++i) {
    float angle = 4095.0f * frequencies[i];
    EXPECT_EQ(row[i], float(std::cos(double(angle))));
    EXPECT_EQ(row[4 + i], float(std::sin(double(angle))));
  }
}

} // namespace
