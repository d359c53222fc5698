// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Characters.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(Characters, KnowWords) {
  for (const char *word : {"a", "Z", "9", "_", "é", "你", "\u0301", "٣", "Ⓐ", "\u200d", "a.", "𝒜"}) {
    EXPECT_TRUE(beginsWithWord(word)) << word;
  }
  for (const char *other : {"", " ", "-", ".", "🦙", "½", "²", "\u00a0", ".a", "<"}) {
    EXPECT_FALSE(beginsWithWord(other)) << other;
  }
  EXPECT_TRUE(endsWithWord(".é"));
  EXPECT_FALSE(endsWithWord("é."));
  EXPECT_FALSE(endsWithWord(""));
}

TEST(Characters, MeasureWhiteSpace) {
  EXPECT_EQ(leadingSpace(""), 0u);
  EXPECT_EQ(leadingSpace(" \t\n\u00a0\u3000a "), 8u);
  EXPECT_EQ(leadingSpace("a "), 0u);
  EXPECT_EQ(trailingSpace(" a\u2003 \r"), 5u);
  EXPECT_EQ(trailingSpace("\u0085"), 2u);
  EXPECT_EQ(trailingSpace("\u200b"), 0u); // a zero-width space is none
}

} // namespace
} // namespace cria
