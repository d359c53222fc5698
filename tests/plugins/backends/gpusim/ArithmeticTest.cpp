// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic that the simulator implements: approximate functions, bytes, 16-bit floats.
#include "plugins/backends/gpusim/HostMath.h"
#include "support/Half.h"
#include "tests/plugins/backends/gpusim/WarpHarness.h"

#include <cmath>
#include <fmt/format.h>

using namespace cria::gpusim;

namespace {

uint32_t evaluate(const std::string &body, Words input) {
  return runWarp(loadWord() + body + storeWord("%r"), std::move(input))[0];
}

uint32_t evaluateFloat(const std::string &call, float x) {
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof(x));
  return evaluate("  %f = bitcast i32 %x to float\n  %y = call float @llvm.nvvm." + call +
                      "(float %f)\n  %r = bitcast float %y to i32\n",
                  Words(kLanes, bits));
}

float floatOf(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

TEST(Arithmetic, ApproximateFunctions) {
  EXPECT_EQ(floatOf(evaluateFloat("ex2.approx.ftz.f32", 3.0f)), 8.0f);
  EXPECT_FLOAT_EQ(floatOf(evaluateFloat("ex2.approx.f32", 0.5f)), std::sqrt(2.0f));
  EXPECT_EQ(floatOf(evaluateFloat("rsqrt.approx.ftz.f", 0.25f)), 2.0f);
  EXPECT_EQ(floatOf(evaluateFloat("rcp.approx.ftz.f", 4.0f)), 0.25f);
  EXPECT_EQ(floatOf(evaluateFloat("sqrt.rn.f", 9.0f)), 3.0f);
  EXPECT_EQ(floatOf(evaluateFloat("lg2.approx.ftz.f", 8.0f)), 3.0f);
}

TEST(Arithmetic, FlushesSubnormalsWhereTheOperationStatesIt) {
  EXPECT_EQ(floatOf(evaluateFloat("ex2.approx.ftz.f32", -130.0f)), 0.0f);
  EXPECT_EQ(floatOf(evaluateFloat("ex2.approx.f32", -130.0f)), std::ldexp(1.0f, -130));
}

TEST(Arithmetic, PermutesBytes) {
  const auto permute = [](uint32_t selector) {
    return evaluate(
        fmt::format("  %r = call i32 @llvm.nvvm.prmt(i32 %x, i32 {}, i32 {})\n", 0x84838281u, selector),
        Words(kLanes, 0x04030201));
  };
  EXPECT_EQ(permute(0x3210), 0x04030201u);
  EXPECT_EQ(permute(0x7654), 0x84838281u);
  EXPECT_EQ(permute(0x0415), 0x01810282u);
  EXPECT_EQ(permute(0xF4C0), 0xFF81FF01u); // bit 3 of a nibble spreads the sign
}

TEST(Arithmetic, PacksPairsWithTheFirstOperandAbove) {
  const Words input(kLanes, 0x3F800000); // 1.0
  const std::string pair =
      "  %f = bitcast i32 %x to float\n  %p = call <2 x {0}> @llvm.nvvm.{1}(float 2.0, float %f)\n"
      "  %r = bitcast <2 x {0}> %p to i32\n";
  EXPECT_EQ(evaluate(fmt::format(fmt::runtime(pair), "half", "ff2f16x2.rn"), input), 0x40003C00u);
  EXPECT_EQ(evaluate(fmt::format(fmt::runtime(pair), "bfloat", "ff2bf16x2.rn"), input), 0x40003F80u);
}

// Sums and products of 16-bit floats, and fused ones, are rounded once.
TEST(Arithmetic, SmallFloatsAreRoundedOnce) {
  const auto binary = [](const std::string &type, const std::string &op, uint32_t a, const std::string &b) {
    return evaluate(
        fmt::format("  %h = trunc i32 %x to i16\n  %f = bitcast i16 %h to {0}\n"
                    "  %y = {1} {0} %f, {2}\n  %q = bitcast {0} %y to i16\n  %r = zext i16 %q to i32\n",
                    type, op, b),
        Words(kLanes, a));
  };
  EXPECT_EQ(binary("half", "fadd", 0x3C00, "0xH1000"), 0x3C00u); // 1 + 2^-11 is a tie: to even
  EXPECT_EQ(binary("half", "fadd", 0x3C01, "0xH1000"), 0x3C02u);
  EXPECT_EQ(binary("half", "fmul", 0x0001, "0xH3800"), 0x0000u);   // half of the smallest number
  EXPECT_EQ(binary("bfloat", "fadd", 0x3F80, "0xR3B80"), 0x3F80u); // 1 + 2^-8
  EXPECT_EQ(binary("bfloat", "fadd", 0x3F81, "0xR3B80"), 0x3F82u);
}

TEST(Arithmetic, FusedSmallFloatsAreRoundedOnce) {
  // 1 * (1 + 2^-10) ... a * b lies on a tie of f16 and c decides, far below what f32 could hold.
  const std::string fma = "  %h = trunc i32 %x to i16\n  %f = bitcast i16 %h to half\n"
                          "  %y = call half @llvm.fma.f16(half %f, half {}, half {})\n"
                          "  %q = bitcast half %y to i16\n  %r = zext i16 %q to i32\n";
  // 1.5 * (1 + 2^-10) = 1.5 + 1.5 * 2^-10: a tie between 0x3E01 and 0x3E02.
  EXPECT_EQ(evaluate(fmt::format(fmt::runtime(fma), "0xH3C01", "0xH0001"), Words(kLanes, 0x3E00)), 0x3E02u);
  EXPECT_EQ(evaluate(fmt::format(fmt::runtime(fma), "0xH3C01", "0xH8001"), Words(kLanes, 0x3E00)), 0x3E01u);
  EXPECT_EQ(evaluate(fmt::format(fmt::runtime(fma), "0xH3C01", "0xH0000"), Words(kLanes, 0x3E00)), 0x3E02u);
}

TEST(HostNumbers, EveryHalfGoesThereAndBack) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const float value = cria::floatFromHalf(static_cast<uint16_t>(bits));
    if (!std::isnan(value)) {
      ASSERT_EQ(doubleToHalf(value), bits);
    }
    const float wide = cria::floatFromBfloat16(static_cast<uint16_t>(bits));
    if (!std::isnan(wide)) {
      ASSERT_EQ(doubleToBfloat(wide), bits);
    }
  }
}

} // namespace
