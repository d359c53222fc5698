// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StopMatcher: finds texts across pieces, emits no part of them, and loses no other text.
#include "runtime/exec/StopMatcher.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

/// Feeds `text` in pieces of `size` and returns what was emitted.
std::string feed(StopMatcher &matcher, std::string_view text, size_t size) {
  std::string emitted;
  for (size_t i = 0; i < text.size(); i += size) {
    emitted += matcher.push(text.substr(i, size));
  }
  return emitted + matcher.finish();
}

TEST(StopMatcher, FindsATextAcrossPiecesOfAnySize) {
  for (size_t size = 1; size < 20; ++size) {
    StopMatcher matcher({"</s>", "User:"});
    EXPECT_EQ(feed(matcher, "Hello Us. User: hi", size), "Hello Us. ") << size;
    ASSERT_TRUE(matcher.matched());
    EXPECT_EQ(matcher.match(), "User:");
  }
}

TEST(StopMatcher, EmitsEverythingWithoutAMatch) {
  for (size_t size = 1; size < 8; ++size) {
    StopMatcher matcher({"aab", ""});
    EXPECT_EQ(feed(matcher, "aaaaacaa", size), "aaaaacaa") << size;
    EXPECT_FALSE(matcher.matched());
  }
}

TEST(StopMatcher, HoldsBackOnlyWhatMayBecomeAStop) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.push("the E"), "the ");
  EXPECT_EQ(matcher.push("N"), "");
  EXPECT_EQ(matcher.push("E"), "EN");
  EXPECT_EQ(matcher.push("ND of it"), "");
  EXPECT_TRUE(matcher.matched());
  EXPECT_EQ(matcher.push("more"), "");
}

// For every split of the text.
TEST(StopMatcher, TakesWhatIsCompleteFirst) {
  for (size_t size = 1; size < 8; ++size) {
    StopMatcher matcher({"bc", "abcd", "a long one"});
    EXPECT_EQ(feed(matcher, "xabcdy", size), "xa") << size;
    EXPECT_EQ(matcher.match(), "bc");
  }
}

TEST(StopMatcher, TakesTheLongestOfThoseThatEndTogether) {
  for (size_t size = 1; size < 8; ++size) {
    StopMatcher matcher({"c", "abc", "bc", "abcde"});
    EXPECT_EQ(feed(matcher, "xxabcde", size), "xx") << size;
    EXPECT_EQ(matcher.match(), "abc");
  }
}

} // namespace
} // namespace cria
