// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/CodeLanes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace cria {
namespace {

template <typename T> bool haveSameBits(const T &a, const T &b) {
  using Words = std::array<uint32_t, sizeof(T) / sizeof(uint32_t)>;
  return std::bit_cast<Words>(a) == std::bit_cast<Words>(b);
}

// Packages have the same bytes whatever processor compiled them.
TEST(CodeLanesTest, SumsAreTheSameBitsOnEveryLevel) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (const WeightFormatTraits &format : kWeightFormats) {
    if (isDense(format)) {
      continue;
    }
    std::vector<float> values(static_cast<size_t>(std::min<int64_t>(format.group, 1000))),
        weights(values.size());
    std::ranges::generate(values, [&] { return normal(random); });
    std::ranges::generate(weights, [&] { return std::fabs(normal(random)); });
    LaneTerms terms;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      terms.scale[lane] = normal(random);
      terms.inverse[lane] = 1 / terms.scale[lane];
      terms.offset[lane] = normal(random);
    }
    LaneSums sums, baseline;
    Lanes errors, baselineErrors;
    CodeLanes(format, LaneLevel::baseline).sum(values, weights, terms, baseline);
    CodeLanes(format, LaneLevel::baseline).sumErrors(values, weights, terms, baselineErrors);
    for (const LaneLevel level : laneLevels()) {
      CodeLanes(format, level).sum(values, weights, terms, sums);
      CodeLanes(format, level).sumErrors(values, weights, terms, errors);
      EXPECT_TRUE(haveSameBits(sums, baseline)) << format.name;
      EXPECT_TRUE(haveSameBits(errors, baselineErrors)) << format.name;
    }
  }
}

} // namespace
} // namespace cria
