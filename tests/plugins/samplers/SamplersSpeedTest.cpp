// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The time of a choice among 32000 tokens. Bounds are several times what was measured (docs/performance.md),
// so that only a change of kind breaks them.
#include "runtime/plugin/SamplerChain.h"
#include "tests/conformance/suite/TestVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace cria {
namespace {

double medianMicroseconds(SamplerChain &chain, const std::vector<float> &logits) {
  std::vector<double> times;
  for (uint64_t position = 0; position < 101; ++position) {
    const auto start = std::chrono::steady_clock::now();
    const int32_t id = chain.sample(logits, {.position = position}).value();
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    EXPECT_TRUE(chain.accept(id, TokenOrigin::generated).ok());
  }
  std::nth_element(times.begin(), times.begin() + 50, times.end());
  return times[50];
}

TEST(SamplersSpeedTest, ChoosesWithinAMillisecond) {
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
    const double time = medianMicroseconds(*chain, logits);
    std::printf("%8.0f us  %s\n", time, expression);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(time, 3000) << expression;
#endif
  }
}

} // namespace
} // namespace cria
