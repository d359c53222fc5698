// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The notations of sets of numbers, compared with arithmetic.
#include "plugins/samplers/grammar/NumberSet.h"

#include <gtest/gtest.h>
#include <random>

namespace cria::grammar {
namespace {

Decimal decimal(const std::string &text) { return *Decimal::parse(text); }

/// Hundredths as JSON writes them: "-1.05" for -105.
std::string hundredths(int64_t value) {
  const int64_t size = std::abs(value), fraction = size % 100;
  std::string text = (value < 0 ? "-" : "") + std::to_string(size / 100);
  if (fraction != 0) {
    text += (fraction < 10 ? ".0" : ".") + std::to_string(fraction % 10 == 0 ? fraction / 10 : fraction);
  }
  return text;
}

TEST(NumberSetTest, HasTheNumbersBetween) {
  std::mt19937 random(9);
  for (int trial = 0; trial < 120; ++trial) {
    const int64_t low = static_cast<int64_t>(random() % 4000) - 2000,
                  high = low + static_cast<int64_t>(random() % 1500);
    const bool hasLow = random() % 5 != 0, hasHigh = random() % 5 != 0, isOpen = random() % 2 == 0,
               isInteger = random() % 3 == 0;
    const int64_t factor = random() % 3 == 0 ? 1 + static_cast<int64_t>(random() % 60) : 0;
    NumberSet set;
    set.isInteger = isInteger;
    if (hasLow) {
      set.addLow({decimal(hundredths(low)), isOpen});
    }
    if (hasHigh) {
      set.addHigh({decimal(hundredths(high)), isOpen});
    }
    if (factor > 0) {
      set.factors.push_back(decimal(hundredths(factor)));
    }
    Languages languages;
    const Languages::Id language = languageOf(languages, set);
    for (int64_t value = -2600; value <= 2600; value += 1 + static_cast<int64_t>(random() % 9)) {
      const bool isBetween = (!hasLow || value > low || (value == low && !isOpen)) &&
                             (!hasHigh || value < high || (value == high && !isOpen));
      const bool expected =
          isBetween && (!isInteger || value % 100 == 0) && (factor == 0 || value % factor == 0);
      ASSERT_EQ(languages.contains(language, hundredths(value)), expected)
          << hundredths(value) << " of trial " << trial;
      ASSERT_EQ(set.contains(decimal(hundredths(value))), expected)
          << hundredths(value) << " of trial " << trial;
    }
    for (const char *text : {"", "-", "00", "01", "+1", "1.", ".5", "-0"}) {
      ASSERT_FALSE(languages.contains(language, text)) << text << " of trial " << trial;
    }
  }
}

TEST(NumberSetTest, LeavesNumbersOut) {
  NumberSet set;
  set.excluded = {decimal("5"), decimal("-0.5"), decimal("0")};
  set.notFactors = {decimal("3")};
  Languages languages;
  const Languages::Id language = languageOf(languages, set);
  for (const char *text : {"5", "5.0", "5.00", "-0.5", "-0.50", "0", "0.0", "3", "-6", "9.0"}) {
    EXPECT_FALSE(languages.contains(language, text)) << text;
  }
  for (const char *text : {"50", "5.01", "-5", "0.5", "-0.51", "0.01", "3.5", "4"}) {
    EXPECT_TRUE(languages.contains(language, text)) << text;
  }
}

TEST(NumberSetTest, ReadsDecimals) {
  EXPECT_EQ(decimal("1.50e1"), decimal("15"));
  EXPECT_EQ(decimal("-0.0"), decimal("0"));
  EXPECT_EQ(decimal("1e-3").text(), "0.001");
  EXPECT_EQ(decimal("-1.5").floor().text(), "-2");
  EXPECT_EQ(decimal("-1.5").ceil().text(), "-1");
  EXPECT_EQ(decimal("99.5").ceil().text(), "100");
  EXPECT_LT(decimal("-10"), decimal("-9.99"));
  EXPECT_LT(decimal("9.5"), decimal("10"));
  EXPECT_LT(decimal("0.05"), decimal("0.5"));
  EXPECT_FALSE(Decimal::parse("1e9999").has_value());
  EXPECT_FALSE(Decimal::parse("x").has_value());
}

} // namespace
} // namespace cria::grammar
