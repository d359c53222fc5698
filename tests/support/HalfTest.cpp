// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions against the definition of the formats: every half and bfloat16 widened, and narrowing of values
// around every number and every tie of both formats.
#include "support/Half.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace cria {
namespace {

constexpr uint32_t kNumWords = 0x10000;

/// A format of 16 bits by its definition, independent of the code under test.
struct Format {
  int mantissaBits;
  float (*widen)(uint16_t);
  uint16_t (*narrow)(float);

  uint16_t infinity() const { return static_cast<uint16_t>(0x7FFF >> mantissaBits << mantissaBits); }
  int bias() const { return (1 << (14 - mantissaBits)) - 1; }
  bool isNan(uint32_t word) const { return (word & 0x7FFF) > infinity(); }
  bool isInfinite(uint32_t word) const { return (word & 0x7FFF) == infinity(); }

  /// The value of a finite word; that of the infinite ones as if the format went on there.
  double valueOf(uint32_t word) const {
    const int exponent = static_cast<int>(word & 0x7FFF) >> mantissaBits;
    const int mantissa = static_cast<int>(word) & ((1 << mantissaBits) - 1);
    const int units = exponent == 0 ? mantissa : mantissa | 1 << mantissaBits;
    const double magnitude = std::ldexp(units, std::max(exponent, 1) - bias() - mantissaBits);
    return (word & 0x8000) != 0 ? -magnitude : magnitude;
  }

  /// Rounded to nearest with ties to even, by comparison with both neighbors of the magnitude.
  uint16_t nearestTo(float value) const {
    const double magnitude = std::fabs(static_cast<double>(value));
    uint32_t below = 0;
    uint32_t above = infinity();
    while (above - below > 1) {
      const uint32_t middle = (below + above) / 2;
      (valueOf(middle) <= magnitude ? below : above) = middle;
    }
    const double toBelow = magnitude - valueOf(below);
    const double toAbove = valueOf(above) - magnitude;
    const bool isUp = toAbove < toBelow || (toAbove == toBelow && below % 2 == 1);
    return static_cast<uint16_t>((std::signbit(value) ? 0x8000u : 0u) | (isUp ? above : below));
  }
};

class HalfTest : public ::testing::TestWithParam<Format> {
protected:
  void expectNearest(float value) const {
    ASSERT_EQ(format_.narrow(value), format_.nearestTo(value)) << std::hexfloat << value;
    ASSERT_EQ(format_.narrow(-value), format_.nearestTo(-value)) << std::hexfloat << -value;
  }
  const Format &format_ = GetParam();
};

TEST_P(HalfTest, EveryWordWidensExactlyAndBack) {
  for (uint32_t word = 0; word < kNumWords; ++word) {
    const float value = format_.widen(static_cast<uint16_t>(word));
    ASSERT_EQ(std::signbit(value), word >= 0x8000) << word;
    if (format_.isNan(word)) {
      ASSERT_TRUE(std::isnan(value)) << word;
      ASSERT_TRUE(format_.isNan(format_.narrow(value))) << word;
      continue;
    }
    ASSERT_EQ(std::isinf(value), format_.isInfinite(word)) << word;
    ASSERT_EQ(format_.narrow(value), word);
    if (!format_.isInfinite(word)) {
      ASSERT_EQ(value, format_.valueOf(word)) << word;
    }
  }
}

TEST_P(HalfTest, RoundsToNearestAroundEveryNumberAndEveryTie) {
  for (uint32_t word = 0; word < format_.infinity(); ++word) {
    const auto number = static_cast<float>(format_.valueOf(word));
    const auto tie = static_cast<float>((format_.valueOf(word) + format_.valueOf(word + 1)) / 2);
    for (const float value : {number, tie}) {
      expectNearest(value);
      expectNearest(std::nextafter(value, 0.0f));
      expectNearest(std::nextafter(value, INFINITY));
    }
  }
}

TEST_P(HalfTest, RoundsRandomFloatsToNearest) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isfinite(value)) {
      expectNearest(value);
    }
  }
}

TEST_P(HalfTest, KeepsInfinitiesAndEveryKindOfNan) {
  EXPECT_EQ(format_.narrow(INFINITY), format_.infinity());
  EXPECT_EQ(format_.narrow(-INFINITY), 0x8000 | format_.infinity());
  EXPECT_EQ(format_.narrow(std::bit_cast<float>(0x7F7FFFFFu)), format_.infinity()); // the largest float
  for (uint32_t bit = 0; bit < 23; ++bit) {
    const uint32_t nan = 0x7F800000u | 1u << bit;
    EXPECT_TRUE(format_.isNan(format_.narrow(std::bit_cast<float>(nan)))) << bit;
    EXPECT_TRUE(format_.isNan(format_.narrow(std::bit_cast<float>(0x80000000u | nan)))) << bit;
  }
  EXPECT_TRUE(format_.isNan(format_.narrow(std::bit_cast<float>(0x7FFFFFFFu))));
  EXPECT_TRUE(format_.isNan(format_.narrow(std::bit_cast<float>(0xFFFFFFFFu))));
}

INSTANTIATE_TEST_SUITE_P(Formats, HalfTest,
                         ::testing::Values(Format{10, floatFromHalf, halfFromFloat},
                                           Format{7, floatFromBfloat16, bfloat16FromFloat}),
                         [](const auto &info) {
                           return info.param.mantissaBits == 10 ? "Half" : "Bfloat16";
                         });

TEST(HalfTest, IsKnownAtCompileTime) {
  static_assert(halfFromFloat(1.0f) == 0x3C00 && floatFromHalf(0x3C00) == 1.0f);
  static_assert(halfFromFloat(0x1p-24f) == 0x0001 && floatFromHalf(0x0001) == 0x1p-24f);
  static_assert(halfFromFloat(65519.996f) == 0x7BFF && halfFromFloat(65520.0f) == 0x7C00);
  static_assert(bfloat16FromFloat(-1.5f) == 0xBFC0 && floatFromBfloat16(0xBFC0) == -1.5f);
}

} // namespace
} // namespace cria
