// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts arrays: overflow, and sources without alignment.
#include "format/ElementConversion.h"

#include "support/Half.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

using namespace cria;

namespace {

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
