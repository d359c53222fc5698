// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/dry/Repetitions.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <random>

namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<uint32_t> bySearch(const std::vector<int32_t> &tokens, uint32_t limit) {
  std::vector<uint32_t> counts(tokens.size(), 0);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    while (counts[i] < limit && counts[i] <= i &&
           tokens[i - counts[i]] == tokens[tokens.size() - 1 - counts[i]]) {
      ++counts[i];
    }
  }
  return counts;
}

TEST(RepetitionsTest, CountsWhatEqualsTheEnd) {
  EXPECT_THAT(suffixRepetitions(std::vector<int32_t>{1, 2, 3, 3, 2, 3, 9, 1, 2, 3}, 100),
              ElementsAre(0, 0, 3, 1, 0, 2, 0, 0, 0, 0));
  EXPECT_THAT(suffixRepetitions(std::vector<int32_t>{5, 5, 5, 5}, 2), ElementsAre(1, 2, 2, 0));
  EXPECT_THAT(suffixRepetitions({}, 2), ElementsAre());
}

TEST(RepetitionsTest, FindsWhatASearchFinds) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<int32_t> tokens(random() % 40);
    std::generate(tokens.begin(), tokens.end(),
                  [&] { return static_cast<int32_t>(random() % (1 + trial % 3)); });
    const uint32_t limit = 1 + random() % 50;
    ASSERT_EQ(suffixRepetitions(tokens, limit), bySearch(tokens, limit));
  }
}

TEST(RepetitionsTest, NamesTheTokensThatWouldGoOn) {
  const std::vector<int32_t> tokens{1, 2, 3, 3, 2, 3, 9, 1, 2, 3};
  EXPECT_THAT(continuations(tokens, 100, 2), UnorderedElementsAre(Pair(3, 3), Pair(9, 2)));
  EXPECT_THAT(continuations(tokens, 100, 1), UnorderedElementsAre(Pair(3, 3), Pair(9, 2), Pair(2, 1)));
  EXPECT_THAT(continuations(tokens, 1, 2), UnorderedElementsAre());
}

} // namespace
