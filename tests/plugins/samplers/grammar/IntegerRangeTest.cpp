// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/IntegerRange.h"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gtest/gtest.h>
#include <random>

namespace cria::grammar {
namespace {

TEST(IntegerRangeTest, AcceptsTheNumbersBetween) {
  std::mt19937 random(9);
  for (int trial = 0; trial < 200; ++trial) {
    const int64_t scale = trial % 3 == 0 ? 30 : trial % 3 == 1 ? 400 : 3000;
    int64_t low = static_cast<int64_t>(random() % static_cast<uint64_t>(2 * scale)) - scale,
            high = low + static_cast<int64_t>(random() % static_cast<uint64_t>(scale));
    const bool hasLow = random() % 5 != 0, hasHigh = random() % 5 != 0;
    Matcher matcher(parseGbnf("root ::= " + integersBetween(hasLow ? std::optional(low) : std::nullopt,
                                                            hasHigh ? std::optional(high) : std::nullopt),
                              "root"));
    for (int64_t value = -2 * scale; value <= 2 * scale; ++value) {
      const bool isBetween = (!hasLow || value >= low) && (!hasHigh || value <= high);
      ASSERT_EQ(accepts(matcher, std::to_string(value)), isBetween)
          << value << " in " << low << " to " << high;
    }
    for (const char *text : {"", "-", "-0", "00", "01", "+1", "1.0"}) {
      ASSERT_FALSE(accepts(matcher, text)) << text << " in " << low << " to " << high;
    }
  }
}

} // namespace
} // namespace cria::grammar
