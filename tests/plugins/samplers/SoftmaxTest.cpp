// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/sdk/cria_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace cria::plugin {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(SoftmaxTest, ExponentialIsAccurate) {
  double worst = 0;
  constexpr int kSteps = 119'000;
  for (int i = 0; i <= kSteps; ++i) {
    const auto x = static_cast<float>(-87.0 * i / kSteps);
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(expNegative(x) - exact) / exact);
  }
  EXPECT_LT(worst, 1e-7);
  EXPECT_EQ(expNegative(0.0f), 1.0f);
  EXPECT_EQ(expNegative(-88.0f), 0.0f);
  EXPECT_EQ(expNegative(-kInfinity), 0.0f);
  EXPECT_GT(expNegative(-87.0f), 0.0f);
}

TEST(SoftmaxTest, RanksLikeTheContract) {
  const float order[] = {kInfinity, 3e38f, 1.5f, 1e-40f, 0.0f, -1e-40f, -1.5f, -3e38f, -kInfinity};
  for (size_t i = 1; i < std::size(order); ++i) {
    EXPECT_GT(rankOf(order[i - 1], 31999), rankOf(order[i], 0)) << i;
  }
  EXPECT_GT(rankOf(1.0f, 3), rankOf(1.0f, 4));
  EXPECT_EQ(rankOf(-0.0f, 3), rankOf(0.0f, 3));
}

} // namespace
} // namespace cria::plugin
