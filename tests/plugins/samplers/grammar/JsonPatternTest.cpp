// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares `pattern` of JSON Schemas with std::regex (ECMAScript) on all short texts of a small alphabet, and
// checks what is refused.
#include "plugins/samplers/grammar/JsonPattern.h"
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <regex>

namespace cria::grammar {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Matcher matcherOf(const std::string &pattern) {
  const nlohmann::json schema = {{"type", "string"}, {"pattern", pattern}};
  return Matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema.dump())));
}

/// Whether the matcher accepts the text as a string of JSON.
bool acceptsString(Matcher &matcher, const std::string &text) {
  return accepts(matcher, nlohmann::json(text).dump());
}

void read(const std::string &pattern, const std::string &where = "") {
  Languages languages;
  languageOfPattern(languages, pattern, where);
}

/// All texts of up to `length` characters of the alphabet.
std::vector<std::string> textsOf(std::string_view alphabet, size_t length) {
  std::vector<std::string> texts = {""};
  for (size_t i = 0, begin = 0; i < length; ++i) {
    const size_t end = texts.size();
    for (; begin < end; ++begin) {
      for (const char c : alphabet) {
        texts.push_back(texts[begin] + c);
      }
    }
  }
  return texts;
}

TEST(JsonPatternTest, FindsWhatARegularExpressionFinds) {
  const std::vector<std::string> texts = textsOf("ab1\"\\-", 4);
  for (const char *pattern : {"",
                              "^$",
                              "a",
                              "^a",
                              "a$",
                              "^a$",
                              "^ab?$",
                              "^(a|b)+$",
                              "^(?:ab|1)*$",
                              "^a{2}$",
                              "^a{1,}b$",
                              "^[ab]{1,3}$",
                              "^[^a]$",
                              "^[a-b1]+$",
                              "^\\d$",
                              "^\\D+$",
                              "^\\w*$",
                              "^\\W$",
                              "^\\s|b$",
                              "^[\\d-]+$",
                              "^[a\\]\"]+$",
                              "^\"a\"$",
                              "^\\\\$",
                              "^[\\\\a]+$",
                              "^a|b$|11",
                              "^(a|(b|1)a)b?$",
                              "^.$",
                              "^a.b$",
                              "^(a?b?)*$",
                              "^(a*)*$",
                              "^a+?b$",
                              "^\\x61\\u0062$",
                              "-",
                              "^[-a]$",
                              "^[a-]$",
                              "^(|a)b$",
                              "^\\-a$",
                              "a{0}",
                              "^(?!a)b?",
                              "^(?=.*1)[ab1]+$",
                              "(?!a|b)[^1]$",
                              "^(?=a$|b)",
                              "^(?!.*(ab|1))(?=.{2}).*a",
                              "^a{0,1}$",
                              "(^a)?b",
                              "(a$)b|1",
                              "a$b|-",
                              "a^b|1",
                              "^^(a|$)b?$$",
                              "(^a|b)1",
                              "(^|b)a($|1)",
                              "(^a$)|(^b.$)",
                              "(^a?$)|(^(b|1$)a*$)",
                              "(a|(^|b)1)(-$|a)?",
                              "(?:^|-)(?=a|1b)[ab1]+$",
                              "a(?=$|b)",
                              "^b?(?:a|(?=[ab]{1,2}1*$)b?a?1*$)",
                              "-(1|(?=.b)a?b$|(?!b)[ab-]{2}$)",
                              "(?:(?=a|1b)(?:[ab]|1)*$|^b)a?",
                              "^a\\_|b$",
                              "(a?^b?$)|11"}) {
    Matcher matcher = matcherOf(pattern);
    const std::regex regex(pattern);
    int found = 0;
    for (const std::string &text : texts) {
      const bool expected = std::regex_search(text, regex);
      found += expected ? 1 : 0;
      ASSERT_EQ(acceptsString(matcher, text), expected) << pattern << " in " << text;
    }
    EXPECT_GT(found, 0) << pattern;
  }
}

// "^" in a lookahead is the beginning of the text (Python's re agrees), not of what the lookahead sees.
TEST(JsonPatternTest, HasAnAnchorInALookahead) {
  Matcher matcher = matcherOf("(?:^|-)(?=a|^1)[ab1]+$");
  EXPECT_TRUE(acceptsString(matcher, "1b"));
  EXPECT_TRUE(acceptsString(matcher, "-a"));
  EXPECT_FALSE(acceptsString(matcher, "-1"));
}

// JavaScript without the flag u; std::regex refuses these patterns.
TEST(JsonPatternTest, ReadsBracesThatAreNoQuantifierAsCharacters) {
  const std::pair<const char *, const char *> kPatterns[] = {{"^a{}$", "a{}"},       {"^a{x}$", "a{x}"},
                                                             {"^{a}$", "{a}"},       {"^{{2}a$", "{{a"},
                                                             {"^a{1,b}$", "a{1,b}"}, {"^a{2", "a{2"}};
  for (const auto &[pattern, text] : kPatterns) {
    Matcher matcher = matcherOf(pattern);
    EXPECT_TRUE(acceptsString(matcher, text)) << pattern;
    EXPECT_FALSE(acceptsString(matcher, "a")) << pattern;
    EXPECT_FALSE(acceptsString(matcher, "aa")) << pattern;
  }
}

// What pydantic writes for a decimal number (Python's re agrees).
TEST(JsonPatternTest, HasAnAnchorInANegativeLookaheadAtTheStart) {
  Matcher matcher = matcherOf("^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$");
  for (const char *text : {"1", "-0.5", "+.5", "007", "3."}) {
    EXPECT_TRUE(acceptsString(matcher, text)) << text;
  }
  for (const char *text : {"", "-", "+.", ".", "1.2.3", "a", "-+1"}) {
    EXPECT_FALSE(acceptsString(matcher, text)) << text;
  }
}

// What pydantic writes for a decimal number of at most 4 digits, 2 of them after the point (Python's re
// agrees).
TEST(JsonPatternTest, HasALookaheadInAGroup) {
  Matcher matcher = matcherOf("^(?!^[-+.]*$)[+-]?0*(?:\\d{0,2}$|(?=[\\d.]{1,5}0*$)\\d{0,2}\\.\\d{0,2}0*$)");
  for (const char *text : {"12", "-1.25", "0012.50", "12.3400", ".5", "3."}) {
    EXPECT_TRUE(acceptsString(matcher, text)) << text;
  }
  for (const char *text : {"", "123", "1.234", "-.", "1.2.3", "123.4"}) {
    EXPECT_FALSE(acceptsString(matcher, text)) << text;
  }
}

TEST(JsonPatternTest, KnowsCharactersBeyondAscii) {
  Matcher animals = matcherOf("^[\xC3\xA4-\xC3\xBC\\u{1F999}]+$");
  EXPECT_TRUE(acceptsString(animals, "\xC3\xA4\xF0\x9F\xA6\x99\xC3\xBC"));
  EXPECT_FALSE(acceptsString(animals, "\xC3\xBD"));
  Matcher lines = matcherOf("^a\\nb\\t[\\b\\f]\\r$");
  EXPECT_TRUE(acceptsString(lines, "a\nb\t\f\r"));
  EXPECT_FALSE(acceptsString(lines, "a\nb\ta\r"));
  Matcher names = matcherOf("^[\\w\\_]\\_$"); // an escape that stands for itself, as in annex B of ECMA-262
  EXPECT_TRUE(acceptsString(names, "a_"));
  EXPECT_FALSE(acceptsString(names, "a\\"));
  Matcher any = matcherOf("^.\\s$");
  EXPECT_TRUE(acceptsString(any, "\xE6\xBC\xA2\xE3\x80\x80"));
  EXPECT_FALSE(acceptsString(any, "\n "));
}

// Pairs are one character, and control characters are written as JSON has them.
TEST(JsonPatternTest, KnowsPairsAndControls) {
  Matcher neither = matcherOf("^[^\\ud83d\\ude00]$");
  EXPECT_FALSE(acceptsString(neither, "\xF0\x9F\x98\x80"));
  EXPECT_TRUE(acceptsString(neither, "\xF0\x9F\x98\x81"));
  Matcher range = matcherOf("^[a-c\\ud83d\\ude00-\\ud83d\\ude02]$");
  EXPECT_TRUE(acceptsString(range, "\xF0\x9F\x98\x81"));
  EXPECT_FALSE(acceptsString(range, "\xF0\x9F\x98\x83"));
  Matcher controls = matcherOf("^\\v\\x00[\\x01-\\x1f]\\x7f$");
  for (const char *text : {R"("\u000b\u0000\n\u007f")", R"("\u000b\u0000\u001f\u007f")"}) {
    EXPECT_TRUE(accepts(controls, text)) << text;
  }
  EXPECT_FALSE(accepts(controls, R"("\u000b\u0000 \u007f")"));
  Matcher any = matcherOf("^.$");
  EXPECT_TRUE(accepts(any, R"("\u0000")"));
  EXPECT_TRUE(accepts(any, R"("\u007f")"));
  EXPECT_FALSE(accepts(any, R"("\u0008")")); // the short escape is the spelling
}

TEST(JsonPatternTest, TakesManyAlternativesAndOptionalParts) {
  std::string codes = "^(", optional = "^(";
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      codes += std::string(codes.size() > 2 ? "|" : "") + a + b;
      optional += a < 'J' ? std::string("(") + a + b + ")?" : "";
    }
  }
  Matcher matcher = matcherOf(codes + ")$");
  EXPECT_TRUE(acceptsString(matcher, "QX"));
  EXPECT_FALSE(acceptsString(matcher, "Q"));
  Matcher optionals = matcherOf(optional + "){2}$");
  EXPECT_TRUE(acceptsString(optionals, "AZBA"));
  std::string nested = "a?";
  for (int i = 0; i < 40; ++i) {
    nested = "(b?" + nested + ")*";
  }
  Matcher deep = matcherOf("^" + nested + "$");
  EXPECT_TRUE(acceptsString(deep, "abba"));
  EXPECT_FALSE(acceptsString(deep, "abc"));
}

// Lengths beside a pattern: in the repetitions of the pattern where they fit, otherwise in an automaton.
TEST(JsonPatternTest, HasALength) {
  struct Length {
    const char *pattern;
    size_t minimum, maximum;
  };
  for (const auto &[pattern, minimum, maximum] : {Length{"^[ab]+$", 2, 3},
                                                  {"^a[b1]*$", 2, 3},
                                                  {"b", 0, 2},
                                                  {"^(ab|1)*$", 3, 4},
                                                  {"^[ab]*1$", 2, 4},
                                                  {"^(a|b1)*-?$", 2, 3},
                                                  {"a$|^b", 1, 3}}) {
    const nlohmann::json schema = {
        {"type", "string"}, {"pattern", pattern}, {"minLength", minimum}, {"maxLength", maximum}};
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema.dump())));
    const std::regex regex(pattern);
    for (const std::string &text : textsOf("ab1-", 5)) {
      const bool expected =
          std::regex_search(text, regex) && text.size() >= minimum && text.size() <= maximum;
      ASSERT_EQ(acceptsString(matcher, text), expected) << pattern << " in " << text;
    }
  }
  Matcher large(parseGeneratedGbnf(
      grammarOfJsonSchema(R"({"type": "string", "pattern": "^x[a-z]+$", "maxLength": 70000})")));
  EXPECT_TRUE(acceptsString(large, "x" + std::string(69999, 'a')));
  EXPECT_FALSE(acceptsString(large, "x" + std::string(70000, 'a')));
}

// A short pattern whose number of parses grows with the text.
TEST(JsonPatternTest, RefusesTooManyParses) {
  Matcher matcher = matcherOf("^(.{0,2000}a){0,200}$");
  EXPECT_THROW(acceptsString(matcher, std::string(3000, 'a')), plugin::Refusal);
}

TEST(JsonPatternTest, RefusesByNameAndPosition) {
  const std::pair<const char *, const char *> cases[] = {
      {"a(", "character 3: expected ')'"},
      {"(b(?=a))", "character 3: lookahead in a group, without '$' at the end of"},
      {"(?<!a)b", "lookbehind"},
      {"\\1", "'\\1' is not supported"},
      {"\\12", "'\\1' is not supported"},
      {"\\8", "'\\8' is not supported"},
      {"[\\8]", "'\\8' is not supported"},
      {"[\\400]", "an octal escape above \\377"},
      {"(?<x>a)(?<x>b)", "expected different names of groups, got 'x' twice"},
      {"(?<x>a)|(?<x>b)", "expected different names of groups, got 'x' twice"},
      {"(?<1x>a)", "expected the name of a group"},
      {"(?<>a)", "expected the name of a group"},
      {"a{,3}", "character 2: a quantifier without a minimum"},
      {"a{,}", "a quantifier without a minimum"},
      {"[^]a]", "'[^]' before another ']'"},
      {"a\\b", "'\\b' is not supported"},
      {"\\p{L}", "'\\p' is not supported"},
      {"(^a){2}b", "an anchor in a group that is repeated"},
      {"(a$)*b", "an anchor in a group that is repeated"},
      {"(?!^a)b", "'^' in a negative lookahead"},
      {"^*", "quantifier or bracket without an operand"},
      {"(?i:a)", "a group with flags is not supported"},
      {"\\ud83d", "an unpaired surrogate"},
      {"\\ude00", "an unpaired surrogate"},
      {"a**", "expected one quantifier"},
      {"*", "character 1: quantifier or bracket without an operand"},
      {"a{2,1}", "expected a quantifier such as {2,5}"},
      {"a{9999999999}", "at most 1000000000"},
      {"{2}", "quantifier or bracket without an operand"},
      {"(?:{2,})", "quantifier or bracket without an operand"},
      {"[b-a]", "invalid range"},
      {"[\\d-z]", "a single character at each end"},
      {"[a", "got the end"},
      {"\\", "got the end"},
      {"\\u12", "got the end"},
      {"\\xg1", "hexadecimal"},
      {"\\u{110000}", "10FFFF"},
      {"[]", "no character"},
      {"a)", "expected '|' or the end"},
  };
  for (const auto &[pattern, message] : cases) {
    try {
      read(pattern, "at 'x'");
      ADD_FAILURE() << pattern;
    } catch (const plugin::Refusal &refusal) {
      EXPECT_THAT(refusal.what(), StartsWith("at 'x', character ")) << pattern;
      EXPECT_THAT(refusal.what(), HasSubstr(message)) << pattern;
    }
  }
  EXPECT_THROW(read("\xFF"), plugin::Refusal);
  EXPECT_THROW(read(std::string(100000, '(')), plugin::Refusal);
  EXPECT_THROW(read(std::string(4000, '(')), plugin::Refusal);
}

} // namespace
} // namespace cria::grammar
