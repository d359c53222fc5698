// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StopMatcher: finds texts across pieces, emits no part of them, and loses no other text.
#include "runtime/exec/StopMatcher.h"

#include <gtest/gtest.h>
#include <random>
#include <utility>

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

// A stop text may contain names of control tokens, which are no text.
TEST(StopMatcher, FindsNamesOfTokens) {
  StopMatcher matcher({"\n<|im_end|>"});
  EXPECT_EQ(matcher.push("a"), "a");
  EXPECT_EQ(matcher.pushName("<s>"), "");
  EXPECT_EQ(matcher.push("b\n"), "b");
  EXPECT_EQ(matcher.pushName("<|im_end|>"), "");
  EXPECT_TRUE(matcher.matched());
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, NamesAreNeverEmitted) {
  StopMatcher matcher({"<s>>", "b<"});
  EXPECT_EQ(matcher.pushName("<s>"), "");
  EXPECT_EQ(matcher.push("a<s"), "a");
  EXPECT_EQ(matcher.pushName("<s>"), "<s");
  EXPECT_EQ(matcher.finish(), "");
  EXPECT_FALSE(matcher.matched());
}

/// A stream of pieces over few letters, so that stop texts occur often.
struct Stream {
  std::string bytes;
  std::vector<bool> isText;
  std::vector<std::pair<std::string, bool>> pieces; // text or name
};

std::string randomWord(std::mt19937 &random, size_t longest) {
  std::string word(1 + random() % longest, 'a');
  for (char &letter : word) {
    letter = "ab<>"[random() % 4];
  }
  return word;
}

Stream randomStream(std::mt19937 &random) {
  Stream stream;
  for (size_t count = random() % 12; count > 0; --count) {
    const bool isText = random() % 3 != 0;
    stream.pieces.emplace_back(randomWord(random, 4), isText);
    stream.bytes += stream.pieces.back().first;
    stream.isText.resize(stream.bytes.size(), isText);
  }
  return stream;
}

/// The text before the match that ends first, of several the longest, or all text, by a search of the whole.
std::string textBeforeStops(const Stream &stream, const std::vector<std::string> &stops) {
  size_t begin = stream.bytes.size();
  size_t end = std::string::npos;
  for (const std::string &stop : stops) {
    const size_t found = stream.bytes.find(stop);
    if (found == std::string::npos) {
      continue;
    }
    const size_t itsEnd = found + stop.size();
    if (itsEnd < end || (itsEnd == end && found < begin)) {
      begin = found;
      end = itsEnd;
    }
  }
  std::string text;
  for (size_t i = 0; i < begin; ++i) {
    text.append(stream.isText[i] ? 1u : 0u, stream.bytes[i]);
  }
  return text;
}

TEST(StopMatcher, RandomStreamsGiveWhatASearchOfTheWholeGives) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> stops(1 + random() % 3);
    for (std::string &stop : stops) {
      stop = randomWord(random, 5);
    }
    const Stream stream = randomStream(random);
    StopMatcher matcher(stops);
    std::string emitted;
    for (const auto &[piece, isText] : stream.pieces) {
      emitted += isText ? matcher.push(piece) : matcher.pushName(piece);
    }
    emitted += matcher.finish();
    ASSERT_EQ(emitted, textBeforeStops(stream, stops))
        << stream.bytes << " " << testing::PrintToString(stops);
  }
}

} // namespace
} // namespace cria
