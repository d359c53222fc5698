// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerFile.h"

#include "runtime/plugin/PluginOptions.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::HasSubstr;

std::string errorOfFile(std::string_view json) {
  const auto specs = readSamplerJson(json, "chain.json");
  return specs.ok() ? "" : specs.status().message();
}

TEST(SamplerFileTest, KeepsTheTypesOfValues) {
  const auto specs = readSamplerJson(
      R"([{"name": "top_k", "k": 40}, {"name": "x", "loud": true, "t": 0.5, "w": "40"}, "draw"])",
      "chain.json");
  ASSERT_TRUE(specs.ok()) << specs.status().message();
  ASSERT_EQ(specs->size(), 3u);
  EXPECT_EQ((*specs)[0].name, "top_k");
  EXPECT_EQ((*specs)[0].arguments.at(0).name, "k");
  EXPECT_EQ((*specs)[0].arguments.at(0).value, OptionValue(int64_t(40)));
  EXPECT_EQ((*specs)[1].arguments.at(0).value, OptionValue(true));
  EXPECT_EQ((*specs)[1].arguments.at(1).value, OptionValue(0.5));
  EXPECT_EQ((*specs)[1].arguments.at(2).value, OptionValue(std::string("40")));
  EXPECT_TRUE((*specs)[2].arguments.empty());
}

TEST(SamplerFileTest, KeepsTexts) {
  const auto specs = readSamplerJson(R"([{"name": "dry", "breakers": "\n|\"|\\|a b"}])", "chain.json");
  ASSERT_TRUE(specs.ok()) << specs.status().message();
  EXPECT_EQ((*specs)[0].arguments[0].value, OptionValue(std::string("\n|\"|\\|a b")));
}

TEST(SamplerFileTest, ReportsWhatIsWrongAndWhere) {
  EXPECT_THAT(errorOfFile("[{\"name\": }]"), HasSubstr("line 1, column"));
  EXPECT_THAT(errorOfFile("{}"), HasSubstr("chain.json: expected an array of samplers"));
  EXPECT_THAT(errorOfFile("[]"), HasSubstr("expected an array of samplers"));
  EXPECT_THAT(errorOfFile(R"(["greedy", {"k": 1}])"), HasSubstr("sampler 2: expected the name of a sampler"));
  EXPECT_THAT(errorOfFile(R"([{"name": "top_k", "k": [1]}])"), HasSubstr("sampler 1: expected option 'k'"));
  EXPECT_THAT(errorOfFile(R"([{"name": "x", "k": 1, "k": 2}])"), HasSubstr("duplicate name 'k'"));
}

} // namespace
} // namespace cria
