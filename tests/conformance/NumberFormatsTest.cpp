// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tests the number formats of the suite: known encodings, and the round trip of every f16 and bf16.
#include "tools/cria-plugin-test/NumberFormats.h"

#include <gtest/gtest.h>

using namespace cria::conformance;

namespace {

TEST(NumberFormats, KnowsEncodings) {
  EXPECT_EQ(encodeFloat(kF16, 1.0), 0x3C00u);
  EXPECT_EQ(encodeFloat(kF16, -65504.0), 0xFBFFu);
  EXPECT_EQ(encodeFloat(kF16, std::ldexp(1.0, -24)), 0x0001u);
  EXPECT_EQ(encodeFloat(kF16, -0.0), 0x8000u);
  EXPECT_EQ(encodeFloat(kBf16, 3.140625), 0x4049u);
  EXPECT_EQ(encodeFloat(kF32, 1.5), 0x3FC00000u);
  EXPECT_EQ(roundTo(kF16, 1.0 + std::ldexp(1.0, -11)), 1.0); // tie to even
  EXPECT_EQ(roundTo(kF16, 1.0 + std::ldexp(3.0, -11)), 1.0 + std::ldexp(1.0, -9));
  EXPECT_TRUE(std::isinf(roundTo(kF16, 65520.0)));
}

TEST(NumberFormats, RoundTripsEvery16BitNumber) {
  for (const FloatFormat &format : {kF16, kBf16}) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      const double value = decodeFloat(format, bits);
      if (std::isnan(value)) {
        continue;
      }
      ASSERT_EQ(encodeFloat(format, value), bits);
      ASSERT_EQ(roundTo(format, value), value);
    }
  }
}

TEST(NumberFormats, AgreesWithTheProcessorOnF32) {
  for (const double value : {0.1, -1e-40, 3.4e38, 1e-45, 123456.789, -2.5e-39}) {
    const auto single = static_cast<float>(value);
    uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof(bits));
    EXPECT_EQ(encodeFloat(kF32, roundTo(kF32, value)), bits) << value;
    EXPECT_EQ(decodeFloat(kF32, bits), single) << value;
  }
}

} // namespace
