// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens that a grammar names, as in llama.cpp: by id, by name, and all others.
#include "plugins/samplers/grammar/TokenFilter.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <gmock/gmock.h>

namespace cria::grammar {
namespace {

using conformance::kTestEos;
using conformance::testTokenizer;
using testing::ElementsAre;

const cria_vocabulary &vocabulary() { return conformance::testVocabulary().view(); }
int32_t idOfToken(const char *name) { return *testTokenizer().find(name); }

class Answer {
public:
  explicit Answer(const std::string &gbnf)
      : filter_(parseGbnf(gbnf, "root", &vocabulary()), vocabulary()), position_(filter_.matcher().start()) {}

  std::vector<int32_t> allowed() {
    std::vector<int32_t> ids;
    const std::vector<bool> &allowed = filter_.allowedAfter(position_);
    for (size_t id = 0; id < allowed.size(); ++id) {
      if (allowed[id]) {
        ids.push_back(static_cast<int32_t>(id));
      }
    }
    return ids;
  }
  /// Takes a token, which must be one that is allowed exactly if it leads anywhere.
  bool take(int32_t token) {
    const bool isAllowed = filter_.allowedAfter(position_)[static_cast<size_t>(token)];
    const Position next = filter_.afterToken(position_, token);
    EXPECT_EQ(next.state != kDead, isAllowed) << token;
    position_ = next;
    return isAllowed;
  }
  bool isComplete() { return filter_.matcher().isComplete(position_); }

private:
  TokenFilter filter_;
  Position position_;
};

TEST(GrammarTokensTest, AreNamedByNameAndId) {
  const int32_t step = idOfToken("<step>"), start = idOfToken("<|im_start|>");
  Answer answer("root ::= <step> \"a\" <[" + std::to_string(start) + "]>{2}");
  EXPECT_THAT(answer.allowed(), ElementsAre(step));
  EXPECT_TRUE(answer.take(step));
  EXPECT_THAT(answer.allowed(), testing::Contains(idOfToken("a")));
  EXPECT_TRUE(answer.take(idOfToken("a")));
  EXPECT_THAT(answer.allowed(), ElementsAre(start));
  EXPECT_TRUE(answer.take(start));
  EXPECT_FALSE(answer.isComplete());
  EXPECT_TRUE(answer.take(start));
  EXPECT_TRUE(answer.isComplete());
}

// Reasoning, as grammars have it: anything up to the end, which is a token.
TEST(GrammarTokensTest, AreAllButOne) {
  const int32_t step = idOfToken("<step>");
  Answer answer("root ::= (!<step>)* <step> \"no\"");
  EXPECT_EQ(answer.allowed().size(), vocabulary().size - 1); // the end of the text is none of them
  for (const char *name : {"no", "<|im_start|>", "<0xC3>", "a"}) {
    EXPECT_TRUE(answer.take(idOfToken(name))) << name;
  }
  EXPECT_FALSE(Answer("root ::= !<step>").take(step));
  EXPECT_FALSE(Answer("root ::= !<step>").take(kTestEos));
  EXPECT_TRUE(answer.take(step));
  EXPECT_FALSE(answer.take(step));
}

// A class of characters contains no tokens, also if it is a complement; a token is also its text.
TEST(GrammarTokensTest, AreNoCharacters) {
  EXPECT_FALSE(Answer("root ::= [^a]").take(idOfToken("<step>")));
  EXPECT_FALSE(Answer("root ::= .").take(idOfToken("<step>")));
  const int32_t no = idOfToken("no");
  const std::string either = "root ::= <[" + std::to_string(no) + "]> \"a\" | \"no\" \"o\"";
  for (const char *last : {"a", "o"}) {
    Answer answer(either);
    EXPECT_TRUE(answer.take(no));
    EXPECT_TRUE(answer.take(idOfToken(last)));
    EXPECT_TRUE(answer.isComplete());
  }
  Answer spelled(either); // as text, so that only one of the alternatives is left
  EXPECT_TRUE(spelled.take(idOfToken("n")));
  EXPECT_TRUE(spelled.take(idOfToken("o")));
  EXPECT_FALSE(spelled.take(idOfToken("a")));
}

TEST(GrammarTokensTest, NamesThoseThatTheVocabularyLacks) {
  const std::pair<const char *, const char *> cases[] = {
      {"root ::= <nothing>", "line 1, column 10: the vocabulary has no token '<nothing>'; write an id"},
      {"root ::= <[99999]>", "line 1, column 12: expected the id of a token below"},
      {"root ::= \"a\" <[2]>", "line 1, column 14: token 2 ends the text"},
      {"root ::= <[x]>", "line 1, column 12: expected a number"},
      {"root ::= <[13>", "expected ']>' after the id of a token"},
      {"root ::= <step", "expected '>' at the end of a token"},
      {"root ::= !\"a\"", "line 1, column 10: expected '|' or the end of the line"}};
  for (const auto &[gbnf, message] : cases) {
    try {
      parseGbnf(gbnf, "root", &vocabulary());
      ADD_FAILURE() << gbnf;
    } catch (const plugin::Refusal &refusal) {
      EXPECT_THAT(refusal.what(), testing::HasSubstr(message));
    }
  }
}

} // namespace
} // namespace cria::grammar
