// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerFile.h"

#include "runtime/plugin/PluginOptions.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::HasSubstr;

std::string expressionOf(std::string_view json) {
  const auto expression = samplerExpressionOfJson(json, "chain.json");
  return expression.ok() ? *expression : std::string(expression.status().message());
}

TEST(SamplerFileTest, BecomesAnExpression) {
  EXPECT_EQ(expressionOf(
                R"([{"name": "top_k", "k": 40}, {"name": "temperature", "t": 0.8, "range": 0.5}, "draw"])"),
            "top_k(k=40)|temperature(t=0.8, range=0.5)|draw");
  EXPECT_EQ(expressionOf(R"([{"name": "x", "loud": true}])"), "x(loud=true)");
}

TEST(SamplerFileTest, QuotesTexts) {
  const std::string expression = expressionOf(R"([{"name": "dry", "breakers": "\n|\"|\\|a b"}])");
  const auto calls = parsePluginExpression(expression);
  ASSERT_TRUE(calls.ok()) << calls.status().message();
  EXPECT_EQ((*calls)[0].arguments[0].value, "\n|\"|\\|a b");
}

TEST(SamplerFileTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(expressionOf("[{\"name\": }]"), HasSubstr("line 1, column"));
  EXPECT_THAT(expressionOf("{}"), HasSubstr("chain.json: expected an array of samplers"));
  EXPECT_THAT(expressionOf("[]"), HasSubstr("expected an array of samplers"));
  EXPECT_THAT(expressionOf(R"(["greedy", {"k": 1}])"),
              HasSubstr("sampler 2: expected the name of a sampler"));
  EXPECT_THAT(expressionOf(R"([{"name": "top_k", "k": [1]}])"), HasSubstr("sampler 1: expected option 'k'"));
  EXPECT_THAT(expressionOf(R"(["a|b"])"), HasSubstr("sampler 1"));
}

} // namespace
} // namespace cria
