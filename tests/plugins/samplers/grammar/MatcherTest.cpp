// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the matcher and the filter of tokens with an oracle: the set of all texts of small random
// grammars.
#include "plugins/samplers/grammar/TokenFilter.h"
#include "tests/plugins/samplers/grammar/Grammars.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <chrono>
#include <gmock/gmock.h>
#include <random>
#include <set>

namespace cria::grammar {
namespace {

constexpr size_t kLongest = 6; // characters of the enumerated texts
const std::vector<std::string> kAlphabet = {"a", "b", "\xC3\xA4", "\xC3\xB6"}; // two share their first byte

using Texts = std::set<std::vector<int>>; // as indices of the alphabet

/// Random rules: rule i uses later rules, or itself after a character.
struct RandomGrammar {
  std::string gbnf;
  std::vector<Texts> texts; // of each rule, up to kLongest characters

  explicit RandomGrammar(std::mt19937 &random) {
    constexpr int kRules = 4;
    texts.resize(kRules);
    for (int rule = kRules - 1; rule >= 0; --rule) {
      addRule(rule, random);
    }
  }

private:
  static void join(Texts &out, const Texts &left, const Texts &right) {
    for (const auto &a : left) {
      for (const auto &b : right) {
        if (a.size() + b.size() <= kLongest) {
          std::vector<int> both = a;
          both.insert(both.end(), b.begin(), b.end());
          out.insert(both);
        }
      }
    }
  }

  void addRule(int rule, std::mt19937 &random) {
    std::string body;
    Texts own;
    const int count = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < count; ++i) {
      Texts sequence{{}};
      body += i == 0 ? "\"\"" : " | \"\"";
      const int items = static_cast<int>(random() % 3);
      for (int j = 0; j < items; ++j) {
        Texts item, joined;
        const int later = rule + 1 + static_cast<int>(random() % 3);
        if (random() % 2 == 0 && later < static_cast<int>(texts.size())) {
          item = texts[static_cast<size_t>(later)];
          body += " r" + std::to_string(later);
        } else {
          const int a = static_cast<int>(random() % 4), b = static_cast<int>(random() % 4);
          item = {{a}, {b}};
          body += " [" + kAlphabet[static_cast<size_t>(a)] + kAlphabet[static_cast<size_t>(b)] + "]";
        }
        join(joined, sequence, item);
        sequence = joined;
      }
      own.insert(sequence.begin(), sequence.end());
    }
    if (random() % 2 == 0) { // recursion: a character, then the rule again
      const int a = static_cast<int>(random() % 4);
      body += " | \"" + kAlphabet[static_cast<size_t>(a)] + "\" r" + std::to_string(rule);
      for (size_t size = 0; size < kLongest; ++size) {
        Texts more;
        join(more, {{a}}, own);
        own.insert(more.begin(), more.end());
      }
    }
    texts[static_cast<size_t>(rule)] = own;
    gbnf = (rule == 0 ? "root" : "r" + std::to_string(rule)) + " ::= " + body + "\n" + gbnf;
    if (rule == 0) {
      gbnf += "r0 ::= root\n";
    }
  }
};

std::string bytesOf(const std::vector<int> &text) {
  std::string bytes;
  for (const int index : text) {
    bytes += kAlphabet[static_cast<size_t>(index)];
  }
  return bytes;
}

TEST(MatcherTest, AcceptsWhatTheOracleWritesOut) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 150; ++trial) {
    const RandomGrammar grammar(random);
    Matcher matcher(parseGbnf(grammar.gbnf, "root"));
    std::set<std::string> whole, beginnings;
    for (const auto &text : grammar.texts[0]) {
      const std::string bytes = bytesOf(text);
      whole.insert(bytes);
      for (size_t size = 0; size <= bytes.size(); ++size) {
        beginnings.insert(bytes.substr(0, size));
      }
    }
    for (int attempt = 0; attempt < 300; ++attempt) {
      std::string text;
      for (size_t left = random() % 4; left > 0; --left) {
        text += kAlphabet[random() % 4];
      }
      text.resize(text.size() - (text.empty() ? 0 : random() % 2)); // often inside a character
      Position position = matcher.start();
      for (const char byte : text) {
        position = matcher.next(position, static_cast<uint8_t>(byte));
      }
      ASSERT_EQ(matcher.isComplete(position), whole.contains(text)) << grammar.gbnf << "  " << text;
      // A longer text may have this prefix, so only prefixes that the oracle knows must be alive.
      if (beginnings.contains(text)) {
        ASSERT_TRUE(matcher.isAlive(position)) << grammar.gbnf << "  " << text;
      }
    }
  }
}

TEST(MatcherTest, AllowsTheTokensThatGoOn) {
  const cria_vocabulary &vocabulary = conformance::testVocabulary().view();
  TokenFilter filter(parseGbnf(R"(root ::= "ab" [ä-ö] "c" | " the end")", "root"), vocabulary);
  const auto namesAfter = [&](std::string_view text) {
    const Position position = filter.after(filter.matcher().start(), text);
    const std::vector<bool> &allowed = filter.allowedAfter(position);
    std::set<std::string> pieces;
    for (size_t id = 0; id < allowed.size(); ++id) {
      if (allowed[id]) {
        pieces.insert(std::string(filter.pieceOf(static_cast<int32_t>(id))));
      }
    }
    return pieces;
  };
  EXPECT_EQ(namesAfter(""), (std::set<std::string>{"a", "ab", " ", " t", " th", " the"}));
  EXPECT_EQ(namesAfter("ab"), (std::set<std::string>{"\xC3"})); // a byte that begins a character
  std::set<std::string> last;
  for (int byte = 0xA4; byte <= 0xB6; ++byte) {
    last.insert(std::string(1, static_cast<char>(byte)));
  }
  EXPECT_EQ(namesAfter("ab\xC3"), last);
  EXPECT_EQ(namesAfter("ab\xC3\xA5"), (std::set<std::string>{"c"}));
  EXPECT_TRUE(namesAfter("ab\xC3\xA5"
                         "c")
                  .empty());
}

// A position stands for all that differ in counts which a token cannot complete; it allows the same tokens.
TEST(MatcherTest, MergesPositionsThatATokenCannotDistinguish) {
  const std::string gbnf = R"(root ::= "\"" [a-z]{5000,60000} "\"" ("," [0-9]+){2,40000} "." )";
  constexpr uint32_t kReach = 3;
  Matcher merging(parseGbnf(gbnf, "root"), kReach);
  const auto walk = [&](Position position, std::string_view text) {
    for (const char byte : text) {
      position = merging.next(position, static_cast<uint8_t>(byte));
    }
    return position;
  };
  std::vector<std::string> nexts = {""};
  for (size_t i = 0; i < nexts.size() && nexts[i].size() < kReach; ++i) {
    for (const char c : {'a', '"', ',', '7', '.'}) {
      nexts.push_back(nexts[i] + c);
    }
  }
  std::set<int32_t> merged;
  for (const size_t size : {0u, 1u, 10u, 4000u, 4995u, 4996u, 4997u, 4998u, 4999u, 5000u, 5001u, 30000u,
                            59990u, 59996u, 59997u, 59999u, 60000u}) {
    const Position exact = walk(merging.start(), "\"" + std::string(size, 'x'));
    const Position other = merging.mergedWithinReach(exact);
    merged.insert(other.state);
    for (const std::string &next : nexts) {
      const Position a = walk(exact, next), b = walk(other, next);
      ASSERT_EQ(merging.isAlive(a), merging.isAlive(b)) << size << "  " << next;
      ASSERT_EQ(merging.isComplete(a), merging.isComplete(b)) << size << "  " << next;
    }
  }
  EXPECT_LT(merged.size(), 13u);
}

// The cost of a step over 32000 tokens, at the first and at a later visit of a state.
TEST(MatcherTest, IsQuickInsideAString) {
  TokenFilter filter(parseGbnf(kJson, "root"), conformance::testVocabulary().view());
  const Position inString = filter.after(filter.matcher().start(), "{\"key\": \"some te");
  const auto timed = [&] {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(filter.allowedAfter(inString)[300]);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  };
  const double first = timed(), again = timed();
  std::printf("%8.0f us the first time, %.1f us again\n", first, again);
}

} // namespace
} // namespace cria::grammar
