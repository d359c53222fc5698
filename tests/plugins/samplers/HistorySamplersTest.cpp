// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samplers with a history or with options in text form: cases that golden data does not cover.
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/SamplerChain.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/SamplerChecks.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <cmath>
#include <gmock/gmock.h>
#include <map>

namespace cria {
namespace {

using testing::HasSubstr;

class HistorySamplersTest : public testing::Test {
protected:
  const Tokenizer &tokenizer_ = conformance::testTokenizer();
  const cria_vocabulary &vocabulary_ = conformance::testVocabulary().view();
  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  std::vector<float> logits_ = std::vector<float>(vocabulary_.size, 0.0f);

  SamplerChain chain(std::string_view expression) {
    auto result = SamplerChain::create(*registry_, expression, vocabulary_);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return std::move(result).value();
  }
  std::string refusalOf(std::string_view expression) {
    const auto result = SamplerChain::create(*registry_, expression, vocabulary_);
    return result.ok() ? "" : std::string(result.status().message());
  }
  int32_t idOf(std::string_view piece) { return tokenizer_.find(piece).value(); }
};

TEST_F(HistorySamplersTest, PenaltiesForgetWhatIsLongPast) {
  SamplerChain sampler = chain("penalties(last_n=3,presence=5)|greedy");
  logits_[300] = 1;
  for (const int32_t token : {300, 301, 302}) {
    EXPECT_TRUE(sampler.accept(token, TokenOrigin::generated).ok());
  }
  EXPECT_NE(*sampler.sample(logits_, {}), 300);
  EXPECT_TRUE(sampler.accept(303, TokenOrigin::generated).ok()); // 300 falls out
  EXPECT_EQ(*sampler.sample(logits_, {}), 300);
}

TEST_F(HistorySamplersTest, PenaltiesCountThePrompt) {
  SamplerChain sampler = chain("penalties(presence=5)|greedy");
  logits_[300] = 1;
  EXPECT_TRUE(sampler.accept(300, TokenOrigin::prompt).ok());
  EXPECT_NE(*sampler.sample(logits_, {}), 300);
  EXPECT_THAT(sampler.accept(-1, TokenOrigin::prompt).message(),
              HasSubstr("expected a token below 32000, got -1"));
}

TEST_F(HistorySamplersTest, DryStopsAtBreakers) {
  const int32_t a = idOf("\xE2\x96\x81"
                         "a"),
                b = idOf("b"), c = idOf("c"), newline = idOf("<0x0A>");
  const auto nextOf = [&](std::string_view expression, std::initializer_list<int32_t> tokens) {
    SamplerChain sampler = chain(std::string(expression) + "|greedy");
    for (const int32_t token : tokens) {
      EXPECT_TRUE(sampler.accept(token, TokenOrigin::generated).ok());
    }
    logits_.assign(vocabulary_.size, 0.0f);
    logits_[static_cast<size_t>(c)] = 0.5f; // what would continue the repetition
    return *sampler.sample(logits_, {});
  };
  EXPECT_NE(nextOf("dry", {a, b, c, a, b}), c);
  EXPECT_EQ(nextOf("dry", {a, b, c, newline, b}), c); // one token since the newline
  EXPECT_NE(nextOf("dry(breakers=\":\")", {a, b, c, newline, a, b}), c);
  EXPECT_EQ(nextOf("dry(breakers=\" ab\")", {a, b, c, a, b}), c);     // a breaker over two tokens
  EXPECT_NE(nextOf("dry(breakers=\"x|\\\\|\")", {a, b, c, a, b}), c); // 'x' and '|' are not there
  EXPECT_EQ(nextOf("dry(breakers=\"c\")", {a, b, c, a, b}), c);       // a breaker itself is never penalized
}

TEST_F(HistorySamplersTest, LogitBiasForbidsAndFavours) {
  logits_[7] = 3;
  EXPECT_EQ(*chain("logit_bias(\"7:-inf,9:0.5\")|greedy").sample(logits_, {}), 9);
  EXPECT_EQ(*chain("logit_bias|greedy").sample(logits_, {}), 7);
  EXPECT_THAT(chain("top_k(1)|logit_bias(\"7:-inf\")").sample(logits_, {}).status().message(),
              HasSubstr("every remaining token is forbidden"));
}

TEST_F(HistorySamplersTest, LogitBiasNamesThePartThatIsWrong) {
  EXPECT_THAT(refusalOf("logit_bias(\"5:1,x:2\")"), HasSubstr("bias 'x:2': expected ID:NUMBER"));
  EXPECT_THAT(refusalOf("logit_bias(\"5\")"), HasSubstr("bias '5'"));
  EXPECT_THAT(refusalOf("logit_bias(\"32000:1\")"), HasSubstr("expected an id below 32000"));
  EXPECT_THAT(refusalOf("logit_bias(\"5:1,5:2\")"), HasSubstr("id is given twice"));
  EXPECT_THAT(refusalOf("logit_bias(\"5:inf\")"), HasSubstr("expected a number from"));
  EXPECT_THAT(refusalOf("logit_bias(\"5:nan\")"), HasSubstr("expected a number from"));
  EXPECT_THAT(refusalOf("dry(breakers=\"" + std::string(41, 'x') + "\")"), HasSubstr("expected at most 40"));
}

// The mean surprise of the choices approaches tau.
TEST_F(HistorySamplersTest, MirostatKeepsTheSurprise) {
  const auto api = readTable<cria_sampler_api>(registry_->load(PluginKind::sampler, "mirostat").value()->api);
  conformance::Candidates zipf;
  for (int32_t id = 0; id < 32000; ++id) {
    zipf.ids.push_back(id);
    zipf.logits.push_back(-std::log(static_cast<float>(id + 1)));
  }
  for (const char *tau : {"2", "5"}) {
    const auto options = PluginOptions::check(api.options, api.num_options,
                                              {{.name = "tau", .value = tau, .position = 0}}, "");
    conformance::SamplerObject sampler(api, *options);
    constexpr int kTokens = 2000;
    double surprise = 0;
    for (uint64_t position = 0; position < kTokens; ++position) {
      const conformance::Candidates left = sampler.apply(zipf, {.position = position});
      double total = 0;
      for (const float logit : left.logits) {
        total += std::exp(static_cast<double>(logit));
      }
      surprise += (std::log(total) - static_cast<double>(left.logits[static_cast<size_t>(left.selected)])) /
                  std::log(2.0);
    }
    EXPECT_NEAR(surprise / kTokens, std::stod(tau), 0.2);
  }
}

// xtc leaves the least probable top choice and everything below.
TEST_F(HistorySamplersTest, XtcIsDrivenByItsOwnNumber) {
  std::vector<float> few(vocabulary_.size, -100.0f);
  few[1000] = 3, few[1001] = 2.9f, few[1002] = 2.8f;
  SamplerChain sampler = chain("xtc(0.5,0.1)|greedy");
  std::map<int32_t, int> counts;
  for (uint64_t position = 0; position < 2000; ++position) {
    ++counts[*sampler.sample(few, {.position = position})];
  }
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_NEAR(counts[1000], 1000, 100);
  EXPECT_NEAR(counts[1002], 1000, 100);
}

} // namespace
} // namespace cria
