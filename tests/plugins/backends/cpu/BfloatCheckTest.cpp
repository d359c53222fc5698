// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An instruction that rounds otherwise than class bf16 is found.
#include "plugins/backends/cpu/BfloatCheck.h"

#include "support/CpuLevel.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>

namespace cria::cpu {
namespace {

float half(uint32_t pair, bool isUpper) {
  return std::bit_cast<float>(isUpper ? pair & 0xFFFF0000u : pair << 16);
}

template <bool upperFirst> std::array<float, 16> inOrder(const BfloatPairs &pairs) {
  std::array<float, 16> sums = pairs.sums;
  for (size_t lane = 0; lane < sums.size(); ++lane) {
    for (const bool isUpper : {upperFirst, !upperFirst}) {
      sums[lane] = std::fma(half(pairs.left[lane], isUpper), half(pairs.right[lane], isUpper), sums[lane]);
    }
  }
  return sums;
}

std::array<float, 16> roundedOnce(const BfloatPairs &pairs) {
  std::array<float, 16> sums = {};
  for (size_t lane = 0; lane < sums.size(); ++lane) {
    const double product = double{half(pairs.left[lane], true)} * half(pairs.right[lane], true);
    sums[lane] = float(product + double{half(pairs.left[lane], false)} * half(pairs.right[lane], false) +
                       pairs.sums[lane]);
  }
  return sums;
}

TEST(BfloatCheckTest, TakesTheDefinition) { EXPECT_EQ(bfloatProblem(inOrder<true>), ""); }

TEST(BfloatCheckTest, FindsAnotherOrderAndAnotherRounding) {
  EXPECT_NE(bfloatProblem(inOrder<false>), "");
  EXPECT_NE(bfloatProblem(roundedOnce), "");
}

// All processors that were seen compute the definition.
TEST(BfloatCheckTest, TakesThisProcessor) {
  if (!cpuHas("avx512bf16")) {
    GTEST_SKIP() << "this processor lacks avx512bf16";
  }
  EXPECT_EQ(bfloatProblem(), "");
}

} // namespace
} // namespace cria::cpu
