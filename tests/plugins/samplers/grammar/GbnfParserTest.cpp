// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The texts that parsed grammars accept, and the message for each mistake, with line and column.
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gmock/gmock.h>

namespace cria::grammar {
namespace {

using testing::HasSubstr;

bool accepts(std::string_view gbnf, std::string_view text) {
  Matcher matcher(parseGbnf(gbnf, "root"));
  return accepts(matcher, text);
}

std::string refusalOf(std::string_view gbnf) {
  try {
    parseGbnf(gbnf, "root");
    return "";
  } catch (const plugin::Refusal &refusal) {
    EXPECT_EQ(refusal.status(), CRIA_STATUS_INVALID_ARGUMENT);
    return refusal.what();
  }
}

struct Sentence {
  const char *grammar;
  const char *text;
  bool isAccepted;
};

TEST(GbnfParserTest, ReadsEveryConstruct) {
  constexpr Sentence kSentences[] = {
      {R"(root ::= "cat")", "cat", true},
      {R"(root ::= "cat")", "ca", false},
      {R"(root ::= "a" | "b" | )", "", true},
      {"root ::= \"a\"\n  | \"b\"", "b", true},
      {"root ::=\n  x y\nx ::= \"1\" # one\ny ::= \"2\"", "12", true},
      {R"(root ::= [a-cX] [^a-c])", "Xd", true},
      {R"(root ::= [a-cX] [^a-c])", "da", false},
      {R"(root ::= [^"\\\]])", "]", false},
      {R"(root ::= [a-])", "-", true},
      {R"(root ::= .)", "\xF0\x9F\xA6\x99", true},
      {R"(root ::= ("ab")* "c")", "ababc", true},
      {R"(root ::= ("ab")+ "c")", "c", false},
      {R"(root ::= "a"? "b")", "b", true},
      {R"(root ::= "a"{3})", "aaa", true},
      {R"(root ::= "a"{3})", "aa", false},
      {R"(root ::= "a"{2,})", "aaaaa", true},
      {R"(root ::= "a"{2,})", "a", false},
      {R"(root ::= "a"{1,3})", "aaaa", false},
      {R"(root ::= "a"{0,2} "b")", "b", true},
      {R"(root ::= "a"{0} "b")", "ab", false},
      {R"(root ::= ("a" ("b" | "c")){2})", "abac", true},
      {R"(root ::= ("a" |
                "b")+)",
       "abba", true},
      {R"(root ::= "\x41\u00e4\U0001F999\n\t\"")", "A\xC3\xA4\xF0\x9F\xA6\x99\n\t\"", true},
      {R"(root ::= "na\u00efve" [ä-ü])", "na\xC3\xAFve\xC3\xB6", true},
      {R"(root ::= my-rule_2 my-rule_2
          my-rule_2 ::= "x")",
       "xx", true},
      {R"(root ::= "" "x")", "x", true},
      // Blanks before a quantifier, and within parentheses line breaks.
      {"root ::= [0-9] +", "12", true},
      {"root ::= [0-9]\t{2} x ?\nx ::= \"x\"", "12x", true},
      {"root ::= (\"a\"\n  +\n  | \"b\" {\n1 , 2 })", "bb", true},
      {"root ::= \"a\" * * \"b\"", "aab", true},
      {"root ::= \"a\"{2}* \"b\"", "aaaab", true},
      {"root ::= \"a\"{2}* \"b\"", "aaab", false},
      {"root ::= \"a\nb\"", "a\nb", true},
      {"root ::= x\rx ::= \"a\" # note\r", "a", true},
      {"\xEF\xBB\xBFroot ::= \"a\"", "a", true},
      // What may be empty is repeated.
      {R"(root ::= "a" ( "" | "b" )* "c")", "abbc", true},
      {R"(root ::= "a" ( "" | "b" )* "c")", "ac", true},
      {R"(root ::= ("a"?)+)", "", true},
      {"root ::= (ws)* \"x\"\nws ::= \"\"", "x", true},
      {R"(root ::= ("a"? "b"?){2,3} "c")", "c", true},
      {R"(root ::= ("a"? "b"?){2,3} "c")", "bbbc", true},
      {R"(root ::= ("a"? "b"?){2,3} "c")", "bbbbc", false},
      {R"(root ::= (("a"*)* | "b" {0,2})* "c")", "abbabbbc", true},
      {R"(root ::= a ","? root | a
          a ::= "x")",
       "x,xx", true},
  };
  for (const Sentence &sentence : kSentences) {
    EXPECT_EQ(accepts(sentence.grammar, sentence.text), sentence.isAccepted)
        << sentence.grammar << "  " << sentence.text;
  }
}

TEST(GbnfParserTest, ReadsPublishedGrammars) {
  Matcher arithmetic(parseGbnf(kArithmetic, "root"));
  for (const char *text : {"42=42\n", "x = 1 + 2\n", "(a+b)*c=d\n1=1\n", "123*456*789=x_1\n"}) {
    EXPECT_EQ(accepts(arithmetic, text), std::string(text) != "x = 1 + 2\n") << text;
  }
  Matcher json(parseGbnf(kJson, "root"));
  for (const char *text : {"{}", R"({"a": [1, -2.5e3, {"b": null}]})", R"({"\u00e4\n": true})"}) {
    EXPECT_TRUE(accepts(json, text)) << text;
  }
  for (const char *text : {"", "[]", "{", R"({"a" 1})", "{\"a\": \"\n\"}", R"({"a": 01})"}) {
    EXPECT_FALSE(accepts(json, text)) << text;
  }
}

TEST(GbnfParserTest, ReportsWhatIsWrongAndWhere) {
  const std::pair<const char *, const char *> kMistakes[] = {
      {"", "line 1, column 1: start rule 'root' is not defined"},
      {"main ::= \"a\"", "start rule 'root'"},
      {"root = \"a\"", "line 1, column 6: expected '::=', got '='"},
      {"root ::= \"a", "line 1, column 12: expected '\"' at the end of a literal, got the end"},
      {"root ::= [a", "line 1, column 12: expected ']' at the end of a character class"},
      {"root ::= (\"a\"", "line 1, column 14: expected ')', got the end"},
      {"root ::= \"a\" )", "line 1, column 14: expected '|' or the end of the line, got ')'"},
      {"root ::= \"a\"\n ::= x", "line 2, column 2: expected a rule name, got ':'"},
      {"root ::= \"\\q\"", "line 1, column 12: expected n, r, t, x, u, U"},
      {"root ::= \"\\x4\"", "expected 2 hexadecimal digits"},
      {"root ::= \"\\U00110000\"", "code point is above U+10FFFF"},
      {"root ::= [z-a]", "invalid range"},
      {"root ::= \"a\"{3,2}", "maximum is below the minimum"},
      {"root ::= \"a\"{9999999999}", "expected a number from 0 to 1000000000"},
      {"root ::= \"a\" <think>", "line 1, column 14: the vocabulary has no token '<think>'"},
      {"root ::= \"a\"{x}", "line 1, column 14: expected a number"},
      {"root ::= \"a\"{2", "expected '}'"},
      {"root ::= \"\xC3(\"", "expected UTF-8"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: rule 'root' is defined twice"},
      {"root ::= ä", "line 1, column 10: expected '|' or the end of the line"},
      {"root ::= \"\xC3\xA4\" [z-a]", "line 1, column 18"}, // counted in characters
      {"root ::= x\nx ::= y", "line 2, column 7: rule 'y' is not defined"},
  };
  for (const auto &[grammar, message] : kMistakes) {
    EXPECT_THAT(refusalOf(grammar), HasSubstr(message)) << grammar;
  }
  EXPECT_THAT(refusalOf("root ::= " + std::string(5000, '(')), HasSubstr("more than 200 levels"));
  std::string many = "root ::= ";
  for (int i = 0; i < 1000; ++i) {
    many += "(\"x\"?)";
  }
  EXPECT_EQ(refusalOf(many), "");
  EXPECT_THAT(refusalOf("root ::= (" + many.substr(9) + ")*"), HasSubstr("repeats what may be empty"));
}

// A repetition is a counter, so its bounds cost nothing.
TEST(GbnfParserTest, CountsLargeRepetitions) {
  const std::string gbnf = R"(root ::= ("ab" "c"?){1000,70000} "d"{65536})";
  Matcher matcher(parseGbnf(gbnf, "root"));
  const auto repeated = [](std::string_view text, size_t count) {
    std::string result;
    for (size_t i = 0; i < count; ++i) {
      result += text;
    }
    return result;
  };
  const std::string end = repeated("d", 65536);
  EXPECT_TRUE(accepts(matcher, repeated("abc", 1000) + end));
  EXPECT_TRUE(accepts(matcher, repeated("ab", 1500) + end));
  EXPECT_FALSE(accepts(matcher, repeated("ab", 999) + end));
  EXPECT_FALSE(accepts(matcher, repeated("ab", 1000) + end + "d"));
  EXPECT_FALSE(accepts(matcher, repeated("ab", 1000) + end.substr(1)));
}

// Large grammars in the worst order are read in time linear in their size, or refused.
TEST(GbnfParserTest, IsQuickOnLargeGrammars) {
  constexpr int kRules = 40000;
  std::string chain = "root ::= r0\n", wide = "root ::= r0", groups = "root ::= \"a\"";
  for (int i = 0; i < kRules; ++i) {
    chain += "r" + std::to_string(i) + " ::= \"\" r" + std::to_string(i + 1) + "\n";
    wide += " | r" + std::to_string(i);
    groups += " (\"b\")";
  }
  chain += "r" + std::to_string(kRules) + " ::= \"x\"\n";
  wide += "\n";
  for (int i = 0; i < kRules; ++i) {
    wide += "r" + std::to_string(i) + " ::= \"x\" | root \"y\" \n";
  }
  EXPECT_EQ(refusalOf(chain), "");
  EXPECT_THAT(refusalOf(wide), HasSubstr("is left-recursive"));
  EXPECT_EQ(refusalOf(groups), "");
}

TEST(GbnfParserTest, RefusesRecursionWithoutEnd) {
  const std::pair<const char *, const char *> kGrammars[] = {
      {"root ::= \"a\" root", "line 1, column 1: rule 'root' matches no finite text"},
      {"root ::= x\nx ::= \"a\" y\ny ::= \"b\" x", "matches no finite text"},
      {"root ::= root \"a\" | \"b\"", "rule 'root' is left-recursive"},
      {"root ::= x \"a\" | \"b\"\nx ::= y | \"x\"\ny ::= root \"y\"", "is left-recursive"},
      {"root ::= e root \"a\" | \"b\"\ne ::= \"\" | \"e\"",
       "is left-recursive"}, // through a rule that matches the empty text
      {"root ::= (root?)* \"a\"", "is left-recursive"},
  };
  for (const auto &[grammar, message] : kGrammars) {
    EXPECT_THAT(refusalOf(grammar), HasSubstr(message)) << grammar;
  }
}

} // namespace
} // namespace cria::grammar
