// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares conversions with their definition: every f16 and bf16, and rounding to the nearest value with ties
// to even.
#include "passes/codegen/ElementConversion.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace cria;

namespace {

/// The value of a half by its definition.
double halfValue(uint16_t half) {
  int exponent = half >> 10 & 31, mantissa = half & 1023;
  double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

bool isFiniteHalf(uint16_t half) { return (half & 0x7C00) != 0x7C00; }

TEST(ElementConversion, EveryHalfWidensExactlyAndBack) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    float value = floatFromHalf(uint16_t(half));
    if (isFiniteHalf(uint16_t(half))) {
      ASSERT_EQ(value, halfValue(uint16_t(half))) << half;
      ASSERT_EQ(halfFromFloat(value), half);
    } else if (half & 1023) {
      ASSERT_TRUE(std::isnan(value) && (halfFromFloat(value) & 0x7FFF) > 0x7C00) << half;
    } else {
      ASSERT_TRUE(std::isinf(value) && halfFromFloat(value) == half) << half;
    }
  }
}

/// Whether `half` is a nearest half of `value`, the even one of two.
void expectNearest(float value) {
  uint16_t half = halfFromFloat(value);
  ASSERT_EQ(half >> 15, std::signbit(value)) << value;
  if (std::fabs(value) >= 65520) {
    ASSERT_EQ(half & 0x7FFF, 0x7C00) << value;
    return;
  }
  double distance = std::fabs(double(value) - halfValue(half));
  for (int step : {-1, 1}) {
    int magnitude = (half & 0x7FFF) + step;
    if (magnitude < 0 || magnitude >= 0x7C00) {
      continue;
    }
    double other = std::fabs(double(value) - halfValue(uint16_t((half & 0x8000) | magnitude)));
    ASSERT_LE(distance, other) << value;
    ASSERT_TRUE(distance < other || half % 2 == 0) << value;
  }
}

TEST(ElementConversion, FloatsNarrowToTheNearestHalf) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000000; ++i) {
    // Exponents from far below the smallest half to just above the largest.
    float value = std::ldexp(float(int32_t(random())), int(random() % 48) - 60);
    expectNearest(value);
  }
  for (uint32_t half = 0; half < 0x7BFF; ++half) { // all ties
    expectNearest(float((halfValue(uint16_t(half)) + halfValue(uint16_t(half + 1))) / 2));
  }
  expectNearest(65519.996f);
  expectNearest(65520.0f);
}

TEST(ElementConversion, FloatsNarrowToTheNearestBfloat16) {
  std::mt19937 random(2);
  for (int i = 0; i < 1000000; ++i) {
    float value = std::bit_cast<float>(uint32_t(random()));
    float back = floatFromBfloat16(bfloat16FromFloat(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(back));
      continue;
    }
    uint32_t bits = std::bit_cast<uint32_t>(value), low = bits & 0xFFFF, kept = bits & 0xFFFF0000u;
    bool up = low > 0x8000 || (low == 0x8000 && (bits & 0x10000));
    ASSERT_EQ(std::bit_cast<uint32_t>(back), kept + (up ? 0x10000u : 0)) << value;
  }
}

TEST(ElementConversion, ReportsTheFirstOverflow) {
  std::vector<float> values(3000, 1.0f);
  values[10] = INFINITY; // was infinite before: no overflow
  values[2500] = -70000;
  std::vector<uint16_t> halves(values.size());
  auto convert = [&] {
    return convertElements(ElementType::f32, reinterpret_cast<std::byte *>(values.data()), ElementType::f16,
                           reinterpret_cast<std::byte *>(halves.data()), values.size());
  };
  EXPECT_EQ(convert(), 2500u);
  values[2500] = 65504;
  EXPECT_EQ(convert(), std::nullopt);
  EXPECT_EQ(halves[10], 0x7C00);
  EXPECT_EQ(halves[2500], 0x7BFF);
  EXPECT_EQ(halves[2999], 0x3C00);
}

TEST(ElementConversion, BetweenHalvesAndUnalignedSources) {
  std::byte source[7] = {};
  uint16_t bfloat = bfloat16FromFloat(-1.5f);
  std::memcpy(source + 1, &bfloat, 2);
  uint16_t halves[1];
  EXPECT_EQ(convertElements(ElementType::bf16, source + 1, ElementType::f16,
                            reinterpret_cast<std::byte *>(halves), 1),
            std::nullopt);
  EXPECT_EQ(floatFromHalf(halves[0]), -1.5f);
}

} // namespace
