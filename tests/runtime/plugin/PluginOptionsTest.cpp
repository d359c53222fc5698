// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginCall.h"

#include <cmath>
#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string errorOfExpression(std::string_view expression) {
  const auto calls = parsePluginExpression(expression);
  return calls.ok() ? "parsed" : calls.status().message();
}

TEST(PluginExpressionTest, ParsesChains) {
  const auto calls = parsePluginExpression(" top_k( 40 ) | top_p(p = 0.95)|draw |x() ");
  ASSERT_TRUE(calls.ok()) << calls.status().message();
  ASSERT_EQ(calls->size(), 4u);
  EXPECT_EQ((*calls)[0].name, "top_k");
  EXPECT_EQ((*calls)[0].position, 1u);
  EXPECT_EQ((*calls)[0].arguments[0].value, OptionValue(std::string("40")));
  EXPECT_EQ((*calls)[0].arguments[0].name, "");
  EXPECT_EQ((*calls)[1].arguments[0].name, "p");
  EXPECT_EQ((*calls)[1].arguments[0].value, OptionValue(std::string("0.95")));
  EXPECT_EQ((*calls)[1].arguments[0].position, 25u);
  EXPECT_TRUE((*calls)[2].arguments.empty());
  EXPECT_TRUE((*calls)[3].arguments.empty());
}

TEST(PluginExpressionTest, ParsesQuotedTexts) {
  const auto calls = parsePluginExpression(R"(plain(separator="a, \"b\" = (c)|\n\t\\", "x"))");
  ASSERT_TRUE(calls.ok()) << calls.status().message();
  EXPECT_EQ((*calls)[0].arguments[0].name, "separator");
  EXPECT_EQ((*calls)[0].arguments[0].value, OptionValue(std::string("a, \"b\" = (c)|\n\t\\")));
  EXPECT_EQ((*calls)[0].arguments[1].value, OptionValue(std::string("x")));
  EXPECT_EQ((*calls)[0].arguments[1].name, "");
}

TEST(PluginExpressionTest, PointsAtTheCharacter) {
  EXPECT_THAT(
      errorOfExpression("top_k(40|top_p"),
      AllOf(HasSubstr("',' or ')'"), HasSubstr("got '|' (at character 9)\n  top_k(40|top_p\n          ^")));
  EXPECT_THAT(errorOfExpression(""),
              AllOf(HasSubstr("a name"), HasSubstr("got the end (at character 1)\n  \n  ^")));
  EXPECT_THAT(errorOfExpression("a|"),
              AllOf(HasSubstr("a name"), HasSubstr("got the end (at character 3)\n  a|\n    ^")));
  EXPECT_THAT(errorOfExpression("a||b"),
              AllOf(HasSubstr("a name"), HasSubstr("got '|' (at character 3)\n  a||b\n    ^")));
  EXPECT_THAT(errorOfExpression("a b"),
              AllOf(HasSubstr("'|' or the end"), HasSubstr("got 'b' (at character 3)\n  a b\n    ^")));
  EXPECT_THAT(errorOfExpression("a(k=)"),
              AllOf(HasSubstr("a value"), HasSubstr("got ')' (at character 5)\n  a(k=)\n      ^")));
  EXPECT_THAT(errorOfExpression("a(1,)"),
              AllOf(HasSubstr("a value"), HasSubstr("got ')' (at character 5)\n  a(1,)\n      ^")));
  EXPECT_EQ(errorOfExpression("a(\"x"), "unterminated string (at character 3)\n  a(\"x\n    ^");
  EXPECT_THAT(errorOfExpression("a(\"\\x\")"),
              AllOf(HasSubstr("n, t, \" or \\ after a backslash"),
                    HasSubstr("got 'x' (at character 5)\n  a(\"\\x\")\n      ^")));
  // The caret counts characters, not bytes.
  EXPECT_THAT(errorOfExpression("é|"),
              AllOf(HasSubstr("a name"), HasSubstr("got the end (at character 3)\n  é|\n    ^")));
}

class PluginOptionsTest : public testing::Test {
protected:
  static cria_option_info number(uint32_t type, std::string_view name, double standard, double low,
                                 double high) {
    return {sizeof(cria_option_info), type, abiString(name), {}, standard, low, high, {}};
  }

  StatusOr<PluginOptions> check(const std::vector<PluginArgument> &given) {
    return PluginOptions::check(pointers_, 4, given, "sampler test", &position_);
  }
  std::string refusalOf(const std::vector<PluginArgument> &given) {
    const auto options = check(given);
    return options.ok() ? "accepted " + options->describe() : options.status().message();
  }

  cria_option_info count_ = number(CRIA_OPTION_INT, "count", std::nan(""), 1, 100);
  cria_option_info share_ = number(CRIA_OPTION_FLOAT, "share", 0.5, 0, 1);
  cria_option_info loud_ = number(CRIA_OPTION_FLAG, "loud", 1, 0, 1);
  cria_option_info text_{sizeof(cria_option_info), CRIA_OPTION_STRING, abiString("text"), {}, 0, 0, 0,
                         abiString("none")};
  const cria_option_info *pointers_[4] = {&count_, &share_, &loud_, &text_};
  size_t position_ = 99;
};

TEST_F(PluginOptionsTest, FillsDefaultsInOrder) {
  const auto options = check({{"", "7", 3}});
  ASSERT_TRUE(options.ok()) << options.status().message();
  ASSERT_EQ(options->size(), 4u);
  EXPECT_EQ(options->data()[0]->integer, 7);
  EXPECT_EQ(options->data()[0]->number, 7.0);
  EXPECT_EQ(options->data()[0]->struct_size, sizeof(cria_option));
  EXPECT_EQ(options->data()[1]->number, 0.5);
  EXPECT_EQ(options->data()[2]->integer, 1);
  EXPECT_EQ(view(options->data()[3]->text), "none");
  EXPECT_EQ(options->describe(), "count=7, share=0.5, loud=true, text=\"none\"");
}

TEST_F(PluginOptionsTest, TakesPositionsAndNames) {
  const auto options =
      check({{"", "7", 0}, {"text", "hello", 0}, {"loud", "false", 0}, {"share", "1e-1", 0}});
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->describe(), "count=7, share=0.1, loud=false, text=\"hello\"");
}

TEST_F(PluginOptionsTest, RefusesWrongValues) {
  const std::string whole = "expected an integer from 1 to 100";
  for (const std::string value :
       {"0", "101", "4x", "4.5", "", "-", "99999999999999999999", " 4", "+4", "nan"}) {
    EXPECT_EQ(refusalOf({{"count", value, 12}}),
              "sampler test: option 'count': " + whole + ", got '" + value + "'");
    EXPECT_EQ(position_, 12u);
  }
  for (const std::string value : {"-0.1", "1.01", "nan", "inf", "0,5", "0x1"}) {
    EXPECT_EQ(refusalOf({{"", "1", 0}, {"share", value, 0}}),
              "sampler test: option 'share': expected a number from 0 to 1, got '" + value + "'");
  }
  EXPECT_THAT(refusalOf({{"", "1", 0}, {"loud", "yes", 0}}), HasSubstr("expected true or false"));
}

TEST_F(PluginOptionsTest, RefusesWrongNames) {
  EXPECT_THAT(refusalOf({{"volume", "1", 5}}),
              AllOf(HasSubstr("no option 'volume'"), HasSubstr("'count', 'share', 'loud', 'text'")));
  EXPECT_THAT(refusalOf({{"cuont", "1", 11, 5}}),
              AllOf(HasSubstr("no option 'cuont'"), HasSubstr("mean 'count'")));
  EXPECT_EQ(position_, 5u);
  EXPECT_THAT(refusalOf({{"", "1", 0}, {"count", "1", 14, 8}}), HasSubstr("duplicate option 'count'"));
  EXPECT_EQ(position_, 8u);
  EXPECT_THAT(refusalOf({{"count", "1", 0}, {"", "0.5", 8, 8}}), HasSubstr("a name for '0.5'"));
  EXPECT_THAT(refusalOf({{"", "1", 0}, {"", "0", 0}, {"", "1", 0}, {"", "x", 0}, {"", "y", 9, 9}}),
              AllOf(HasSubstr("at most 4 options"), HasSubstr("'y'")));
  EXPECT_THAT(refusalOf({}), AllOf(HasSubstr("option 'count' is missing"), HasSubstr("from 1 to 100")));
}

TEST(SuggestNamesTest, PrefersNearNames) {
  EXPECT_EQ(suggestNames("greddy", {"greedy", "draw"}), "; did you mean 'greedy'?");
  EXPECT_EQ(suggestNames("zzz", {"greedy", "draw"}), "; expected one of 'greedy', 'draw'");
  EXPECT_EQ(suggestNames("x", {}), "");
  EXPECT_EQ(suggestNames(std::string(100000, 'x'), {"draw"}), "; expected one of 'draw'");
}

} // namespace
} // namespace cria
