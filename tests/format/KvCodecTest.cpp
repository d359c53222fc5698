// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The KV cache in 8 bits against its definition: scales, codes, and the vectors that have no finite scale.
#include "format/KvCodec.h"
#include "format/KvType.h"

#include "support/FloatMode.h"

#include <gtest/gtest.h>
#include <random>

namespace cria {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr uint16_t kSmallestHalf = 0x0001, kLargestHalf = 0x7BFF; // 2^-24, 65504

std::vector<int> codesOf(std::vector<float> vector) {
  std::vector<int> codes;
  for (const float x : vector) {
    codes.push_back(kvCodeOf(x, kvScaleOf(vector)));
  }
  return codes;
}

uint16_t scaleOf(std::vector<float> vector) { return kvScaleOf(vector); }

TEST(KvCodecTest, ZerosHaveScaleZeroAndCodesZero) {
  EXPECT_EQ(scaleOf({0, -0.0f, 0}), 0);
  EXPECT_EQ(codesOf({0, -0.0f, 0}), (std::vector{0, 0, 0}));
  EXPECT_EQ(kvValueOf(0, 0), 0.0f);
}

TEST(KvCodecTest, RoundsTiesToEvenAndReachesBothEnds) {
  EXPECT_EQ(floatFromHalf(scaleOf({127, -127})), 1.0f);
  EXPECT_EQ(codesOf({127, -127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -126.5f, 125.5f, 0.75f}),
            (std::vector{127, -127, 0, 2, 2, 0, -2, -126, 126, 1}));
  EXPECT_EQ(kvValueOf(-127, scaleOf({127})), -127.0f);
}

// The scale may round down to so little that codes would pass 127, or to 0.
TEST(KvCodecTest, ClampsCodesWhereTheScaleIsSubnormal) {
  const float unit = 0x1p-24f;
  EXPECT_EQ(scaleOf({127 * unit, -unit}), kSmallestHalf);
  EXPECT_EQ(codesOf({127 * unit, -unit}), (std::vector{127, -1}));
  EXPECT_EQ(scaleOf({-180 * unit, 130 * unit, 100 * unit}), kSmallestHalf);
  EXPECT_EQ(codesOf({-180 * unit, 130 * unit, 100 * unit}), (std::vector{-127, 127, 100}));
  EXPECT_EQ(scaleOf({64 * unit, -3 * unit}), kSmallestHalf);
  EXPECT_EQ(codesOf({64 * unit, -3 * unit}), (std::vector{64, -3}));
  EXPECT_EQ(scaleOf({63 * unit, -3 * unit}), 0);
  EXPECT_EQ(codesOf({63 * unit, -3 * unit}), (std::vector{0, 0}));
}

TEST(KvCodecTest, VectorsWithoutAFiniteScaleReadAsNan) {
  EXPECT_EQ(scaleOf({65504.0f * 127, 1}), kLargestHalf);
  EXPECT_EQ(codesOf({65504.0f * 127, -65504.0f * 64}), (std::vector{127, -64}));
  const float tooLarge = 65521.0f * 127;
  for (const float x : {tooLarge, -tooLarge, 3e38f, kInfinity, -kInfinity, kNan, -kNan}) {
    EXPECT_EQ(scaleOf({1, x, 2}), kKvScaleOfNan) << x;
    EXPECT_EQ(codesOf({1, x, 2}), (std::vector{0, 0, 0})) << x;
  }
  EXPECT_TRUE(std::isnan(kvValueOf(0, kKvScaleOfNan)));
}

TEST(KvCodecTest, ValuesAreWithinHalfAScale) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<float> vector(64);
    std::ranges::generate(vector, [&] { return std::ldexp(normal(random), trial % 20 - 10); });
    const uint16_t scale = kvScaleOf(vector);
    int largest = 0;
    for (const float x : vector) {
      const int8_t code = kvCodeOf(x, scale);
      largest = std::max(largest, std::abs(code));
      EXPECT_LE(std::fabs(kvValueOf(code, scale) - x), 0.5001f * floatFromHalf(scale));
    }
    EXPECT_EQ(largest, 127);
  }
}

TEST(KvCodecTest, DoesNotDependOnSubnormalNumbers) {
  for (const float largest : {1e-40f, 0x1p-126f, 0x1p-26f, 127 * 0x1p-24f, 1.0f}) {
    const std::vector<float> vector = {largest, largest / 3, 1e-41f, -1e-42f, largest / 200};
    const auto encode = [&] { return std::pair(kvScaleOf(vector), codesOf(vector)); };
    const auto expected = encode();
    const FloatMode mode;
    EXPECT_EQ(encode(), expected) << largest;
  }
}

TEST(KvTypeTest, NamesTheTypesOfCaches) {
  EXPECT_EQ(parseKvType("q8"), ElementType::i8);
  EXPECT_EQ(parseKvType("f16"), ElementType::f16);
  EXPECT_EQ(parseKvType("f32"), ElementType::f32);
  for (const std::string_view other : {"i8", "bf16", "q4", ""}) {
    EXPECT_EQ(parseKvType(other), std::nullopt) << other;
  }
  EXPECT_EQ(kvTypeNameOf(ElementType::i8), "q8");
  EXPECT_FALSE(isKvType(ElementType::u8) || isKvType(ElementType::bf16));
}

} // namespace
} // namespace cria
