// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/Utf8.h"

#include <gtest/gtest.h>
#include <random>

namespace cria {
namespace {

TEST(Utf8Test, MeasuresCharacters) {
  EXPECT_EQ(utf8::measure("a"), 1);
  EXPECT_EQ(utf8::measure("\xC3\xA9"), 2);
  EXPECT_EQ(utf8::measure("\xE2\x82\xAC"), 3);
  EXPECT_EQ(utf8::measure("\xF0\x9F\x98\x80 more"), 4);
  EXPECT_EQ(utf8::measure("\xF0\x9F\x98"), -1);
  EXPECT_EQ(utf8::measure("\xC3"), -1);
  EXPECT_EQ(utf8::measure(std::string_view("\0", 1)), 1);
}

TEST(Utf8Test, RefusesWhatUnicodeForbids) {
  for (const std::string_view bytes :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x28\xA1"}) {
    EXPECT_EQ(utf8::measure(bytes), 0);
    EXPECT_EQ(utf8::findInvalid(bytes), 0u);
  }
}

TEST(Utf8Test, FindsTheFirstBadByte) {
  EXPECT_EQ(utf8::findInvalid(""), std::string_view::npos);
  EXPECT_EQ(utf8::findInvalid("h\xC3\xA9llo"), std::string_view::npos);
  EXPECT_EQ(utf8::findInvalid("ab\xFF"), 2u);
  EXPECT_EQ(utf8::findInvalid("ab\xE2\x82"), 2u);
}

TEST(Utf8Test, ReplacesEachBadByte) {
  EXPECT_EQ(utf8::replaceInvalid("a\xE2\x82z\xFF"), "a\uFFFD\uFFFDz\uFFFD");
  EXPECT_EQ(utf8::replaceInvalid("\xF0\x9F\x98"), "\uFFFD\uFFFD\uFFFD");
}

// The text is the same in pieces and as a whole.
TEST(Utf8Test, TakesCompleteCharactersAtAnySplit) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (int i = 0; i < 12; ++i) {
      const char *const parts[] = {"a",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                   "\xE2\x82", "\xF0\x9F", "\x80",         "\xFF"};
      bytes += parts[random() % 8];
    }
    std::string pending;
    std::string text;
    for (const char byte : bytes) {
      pending += byte;
      text += utf8::takeComplete(pending);
      ASSERT_LE(pending.size(), 3u);
    }
    EXPECT_EQ(text + utf8::replaceInvalid(pending), utf8::replaceInvalid(bytes));
  }
}

} // namespace
} // namespace cria
