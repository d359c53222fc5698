// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/WeightRules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria {
namespace {

using testing::HasSubstr;

ModelConfig configOf(int64_t layers, int64_t heads = 32, int64_t kvHeads = 32) {
  return {.layers = layers, .heads = heads, .kvHeads = kvHeads};
}

WeightRules rulesOf(std::string_view name, const ModelConfig &config) {
  return *WeightRules::named(name, config);
}

std::string_view formatIn(const WeightRules &rules, TensorRole role, int64_t layer = 0) {
  return nameOf(rules.formatOf({role, layer}));
}

TEST(WeightRulesTest, FormatsBelowFiveBitsLeaveTheVocabularyToQ8) {
  const ModelConfig config = configOf(2);
  for (const auto &[name, matrices, vocabulary] : {std::tuple("f16", "f16", "f16"),
                                                   {"q8", "q8_0", "q8_0"},
                                                   {"q4", "iq4_xs", "q8_0"},
                                                   {"Q4_K", "q4_k", "q8_0"},
                                                   {"q4h", "q4h", "q8_0"},
                                                   {"q4_1", "q4_1", "q4_1"},
                                                   {"q6_k", "q6_k", "q6_k"},
                                                   {"q3_k", "q3_k", "q8_0"}}) {
    const WeightRules rules = rulesOf(name, config);
    EXPECT_EQ(formatIn(rules, TensorRole::mlpUp, 1), matrices) << name;
    EXPECT_EQ(formatIn(rules, TensorRole::embedding), vocabulary) << name;
    EXPECT_EQ(formatIn(rules, TensorRole::output), vocabulary) << name;
  }
}

// The layers of a model of 22 and of 32 layers to which the rule in llama-quant.cpp gives Q6_K, worked out by
// hand.
TEST(WeightRulesTest, MixesFollowLlamaCpp) {
  const std::vector<std::pair<int64_t, std::vector<int64_t>>> models = {
      {22, {0, 1, 4, 7, 10, 13, 16, 19, 20, 21}},
      {32, {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31}}};
  for (const auto &[layers, upper] : models) {
    for (const auto &[mix, base] : {std::pair("q4_k_m", "q4_k"), std::pair("Q5_K_M", "q5_k")}) {
      const WeightRules rules = rulesOf(mix, configOf(layers));
      EXPECT_EQ(formatIn(rules, TensorRole::embedding), base);
      EXPECT_EQ(formatIn(rules, TensorRole::output), "q6_k");
      for (int64_t layer = 0; layer < layers; ++layer) {
        const bool isUpper = std::ranges::find(upper, layer) != upper.end();
        EXPECT_EQ(formatIn(rules, TensorRole::attnV, layer), isUpper ? "q6_k" : base) << layer;
        EXPECT_EQ(formatIn(rules, TensorRole::mlpDown, layer), isUpper ? "q6_k" : base) << layer;
        EXPECT_EQ(formatIn(rules, TensorRole::attnQ, layer), base);
      }
    }
  }
}

TEST(WeightRulesTest, MixesKnowTiedModelsAndThoseOf70B) {
  ModelConfig tied = configOf(2);
  tied.tiedEmbeddings = true;
  EXPECT_EQ(formatIn(rulesOf("q4_k_m", tied), TensorRole::embedding), "q6_k");
  EXPECT_EQ(formatIn(rulesOf("q4_k_m", configOf(80, 64, 8)), TensorRole::attnV, 10), "q5_k");
  EXPECT_EQ(formatIn(rulesOf("q4_k_m", configOf(80, 64, 64)), TensorRole::attnV, 10), "q4_k"); // 65B
}

TEST(WeightRulesTest, TheFirstLineThatMatchesDecides) {
  const ModelConfig config = configOf(8);
  WeightRules rules = rulesOf("q4", config);
  ASSERT_TRUE(rules
                  .prepend("\xEF\xBB\xBF# rules\n\nv,down 0-1,7 q6_k # ends\r\n* 7 Q5_K\nembedding f16",
                           "rules.txt", config)
                  .ok());
  EXPECT_EQ(formatIn(rules, TensorRole::attnV, 1), "q6_k");
  EXPECT_EQ(formatIn(rules, TensorRole::attnV, 2), "iq4_xs");
  EXPECT_EQ(formatIn(rules, TensorRole::mlpDown, 7), "q6_k");
  EXPECT_EQ(formatIn(rules, TensorRole::mlpUp, 7), "q5_k");
  EXPECT_EQ(formatIn(rules, TensorRole::embedding), "f16");
  EXPECT_EQ(formatIn(rules, TensorRole::output), "q8_0");
}

TEST(WeightRulesTest, NamesWhatIsWrong) {
  ModelConfig config = configOf(8);
  config.tiedEmbeddings = true;
  EXPECT_THAT(std::string(WeightRules::named("q9", config).status().message()),
              testing::AllOf(HasSubstr("iq4_xs"), HasSubstr("q4_k_m"), HasSubstr("got 'q9'")));
  for (const auto &[text, problem] : std::initializer_list<std::pair<const char *, const char *>>{
           {"q8", "expected ROLES [LAYERS] FORMAT"},
           {"v 0 1 q8", "expected ROLES [LAYERS] FORMAT"},
           {"\nwv q8", "rules.txt, line 2: expected * or roles of matrices, of embedding, q, k, v, o, gate, "
                       "up, down, output, got 'wv'"},
           {"attention_norm q8", "expected * or roles"},
           {"v q9", "expected a weight format, one of q8, q4, f32"},
           {"v 8 q8", "expected layers from 0 to 7, as in 0-3,7, got '8'"},
           {"v 3-2 q8", "got '3-2'"},
           {"v 1- q8", "got '1-'"},
           {"v -1 q8", "got '-1'"},
           {"v 99999999999999999999 q8", "got '9999"},
           {"embedding 0 q8", "matches no matrix of the model"},
           {"v q8\n* q6_k\nv,down 1 q4", "line 3: 'v,down 1 q4' decides nothing, since the first line"},
           {"v\x1b 0 q8", "got 'v\\x1b'"},
           {"", "rules.txt: expected rules, a line each"},
           {"# v q8\n\n", "the file has none"},
           {", q8", "of embedding, q, k, v, o, gate, up, down, output, got ''"},
           {"output q8", "no output matrix beside the embedding; remove the line"}}) {
    WeightRules rules = WeightRules::uniform(WeightFormat::f16);
    EXPECT_THAT(std::string(rules.prepend(text, "rules.txt", config).message()), HasSubstr(problem)) << text;
  }
}

} // namespace
} // namespace cria
