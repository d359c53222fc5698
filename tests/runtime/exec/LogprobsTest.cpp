// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares log-probabilities with sums computed by hand; ties.
#include "runtime/exec/Logprobs.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria {
namespace {

using testing::HasSubstr;

// By hand in f64: p = softmax([1, 2, 3]), q = softmax([3, 2, -1]).
TEST(Logprobs, DivergenceIsThatOfTheDistributions) {
  const std::vector<float> p = {1, 2, 3}, q = {3, 2, -1};
  EXPECT_NEAR(klDivergence(p, q), 2.3998593535816166, 1e-12);
  EXPECT_EQ(klDivergence(p, p), 0);
  const std::vector<float> shifted = {30001, 30002, 30003};
  EXPECT_NEAR(klDivergence(p, shifted), 0, 1e-10);
}

TEST(Logprobs, TopTokensDescendAndTiesGoToTheLowerId) {
  std::vector<float> logits = {1, 3, 3, 2};
  std::vector<TokenLogprob> top = topLogprobs(logits, 3);
  double total = std::log(std::exp(1.0) + 2 * std::exp(3.0) + std::exp(2.0));
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0].id, 1);
  EXPECT_EQ(top[1].id, 2);
  EXPECT_EQ(top[2].id, 3);
  EXPECT_NEAR(top[0].logprob, 3 - total, 1e-6);
  EXPECT_NEAR(top[2].logprob, 2 - total, 1e-6);
}

TEST(Logprobs, AsksForNoMoreThanThereAre) {
  std::vector<float> logits = {0, 0};
  EXPECT_EQ(topLogprobs(logits, 9).size(), 2u);
}

TEST(Logprobs, LargeLogitsDoNotOverflow) {
  std::vector<float> logits = {30000, 30000};
  EXPECT_NEAR(logSumExp(logits), 30000 + std::log(2.0), 1e-6);
}

TEST(ChooseGreedy, TakesTheLowestOfEqualsThatIsNotExcluded) {
  std::vector<float> logits = {1, 5, 5, 5};
  std::vector<int32_t> excluded = {1};
  EXPECT_EQ(*chooseGreedy(logits), 1);
  EXPECT_EQ(*chooseGreedy(logits, excluded), 2);
}

TEST(ChooseGreedy, RefusesNanAndNothing) {
  std::vector<float> logits = {1, NAN};
  EXPECT_THAT(chooseGreedy(logits).status().message(), HasSubstr("logit of token 1"));
  std::vector<float> one = {1};
  std::vector<int32_t> excluded = {0};
  EXPECT_THAT(chooseGreedy(one, excluded).status().message(), HasSubstr("excluded"));
}

TEST(ChooseGreedy, ChoosesAmongMinusInfinities) {
  std::vector<float> logits = {-INFINITY, -INFINITY};
  EXPECT_EQ(*chooseGreedy(logits), 0);
}

} // namespace
} // namespace cria
