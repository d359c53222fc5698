// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options as members of a struct: what they declare to a host, and what they read from it.
#include "plugins/sdk/cria_options.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <span>
#include <string_view>

namespace cria::plugin {
namespace {

struct Options {
  FlagOption flag{"flag", "A flag", true};
  IntOption count{"count", "A count", 1, 0, 9};
  FloatOption share{"share", "A share", kRequired, -1, 0.5};
  TextOption text{"text", "A text", "a"};
};

TEST(OptionsTest, MembersDeclareTheOptionsInTheirOrder) {
  const std::span<const cria_option_info *const> declared = declarationsOf<Options>();
  ASSERT_EQ(declared.size(), 4u);
  const uint32_t types[] = {CRIA_OPTION_FLAG, CRIA_OPTION_INT, CRIA_OPTION_FLOAT, CRIA_OPTION_STRING};
  const std::string_view names[] = {"flag", "count", "share", "text"};
  for (size_t i = 0; i < declared.size(); ++i) {
    EXPECT_EQ(declared[i]->struct_size, sizeof(cria_option_info));
    EXPECT_EQ(declared[i]->type, types[i]);
    EXPECT_EQ(view(declared[i]->name), names[i]);
  }
}

TEST(OptionsTest, DeclarationsHoldDefaultsAndLimits) {
  const Options options;
  EXPECT_EQ(options.flag.info.default_number, 1);
  EXPECT_EQ(options.count.info.default_number, 1);
  EXPECT_EQ(options.count.info.minimum, 0);
  EXPECT_EQ(options.count.info.maximum, 9);
  EXPECT_TRUE(std::isnan(options.share.info.default_number)); // must be given
  EXPECT_EQ(view(options.text.info.default_text), "a");
  EXPECT_EQ(options.text.value, "a");
}

TEST(OptionsTest, EachMemberReadsItsValue) {
  cria_option given[4] = {};
  given[0].integer = 0;
  given[1].integer = 7;
  given[2].number = 0.5;
  given[3].text = string("x");
  const cria_option *const pointers[] = {&given[0], &given[1], &given[2], &given[3]};
  const auto options = readOptions<Options>(pointers);
  EXPECT_FALSE(options.flag.value);
  EXPECT_EQ(options.count.value, 7);
  EXPECT_EQ(options.share.value, 0.5);
  EXPECT_EQ(options.text.value, "x");
}

TEST(OptionsTest, RefusesAnotherNumberOfValues) {
  EXPECT_THROW(readOptions<Options>({}), Refusal);
  EXPECT_NO_THROW(readOptions<NoOptions>({}));
  EXPECT_TRUE(declarationsOf<NoOptions>().empty());
}

struct Counter {
  struct Options {
    IntOption start{"start", "The first number", 5, 0, 9};
  };
  Counter(const Options &options, const cria_vocabulary &vocabulary)
      : start(options.start.value), numTokens(vocabulary.size) {}
  int64_t start;
  uint32_t numTokens;
};

TEST(OptionsTest, ConstructsAPluginFromItsOptionsAndTheVocabulary) {
  cria_option given{};
  given.integer = 8;
  const cria_option *const pointers[] = {&given};
  cria_vocabulary vocabulary{};
  vocabulary.size = 3;
  const auto counter = construct<Counter>(pointers, vocabulary);
  EXPECT_EQ(counter->start, 8);
  EXPECT_EQ(counter->numTokens, 3u);
}

} // namespace
} // namespace cria::plugin
