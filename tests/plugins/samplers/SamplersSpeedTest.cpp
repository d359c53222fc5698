// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The time of a choice among 32000 tokens, after a history as long as LLaMA 2's context. docs/performance.md
// has the medians.
#include "runtime/plugin/SamplerChain.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace cria {
namespace {

constexpr int kHistory = 4000;

/// Median microseconds of a choice. Every id is checked; the time is printed, since it depends on the load.
double medianTimeOf(SamplerChain &chain, const std::vector<float> &logits) {
  std::vector<double> times;
  for (uint64_t position = 0; position < 101; ++position) {
    const auto start = std::chrono::steady_clock::now();
    const int32_t id = chain.sample(logits, {.position = kHistory + position}).value();
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    EXPECT_TRUE(id >= 0 && static_cast<size_t>(id) < logits.size()) << id;
    EXPECT_TRUE(chain.accept(id, TokenOrigin::generated).ok());
  }
  std::sort(times.begin(), times.end());
  return times[50];
}

/// Words, none of which ends a repetition.
void remember(SamplerChain &chain, int tokens) {
  std::mt19937 random(4);
  for (int i = 0; i < tokens; ++i) {
    const auto id = static_cast<int32_t>(1000 + random() % 200);
    EXPECT_TRUE(chain.accept(id, TokenOrigin::prompt).ok());
  }
}

TEST(SamplersSpeedTest, ChoosesIdsOfTheVocabulary) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(conformance::kTestVocabularySize);
  std::generate(logits.begin(), logits.end(), [&] { return normal(random); });
  const auto registry = openRegistry();
  for (const char *expression :
       {"greedy", "draw", "temperature(0.8)|top_k(40)|top_p(0.95)", "temperature(0.6)|top_p(0.9)",
        "penalties(repeat=1.1)|dry|top_n_sigma(3)|top_k(40)|typical_p(0.95)|top_p(0.95)|min_p(0.05)|xtc|"
        "temperature(0.8)",
        "temperature(0.8,range=0.5)|min_p(0.05)", "typical_p(0.9)", "top_n_sigma(2)", "xtc(1,0.01)",
        "mirostat", "penalties(repeat=1.2,last_n=-1)|dry", "logit_bias(\"5:1,77:-inf\")|top_k(40)"}) {
    auto chain = SamplerChain::create(*registry, expression, conformance::testVocabulary().view());
    ASSERT_TRUE(chain.ok()) << chain.status().message();
    remember(*chain, kHistory);
    std::printf("%8.0f us  %s\n", medianTimeOf(*chain, logits), expression);
  }
}

} // namespace
} // namespace cria
