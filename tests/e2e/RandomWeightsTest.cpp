// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random weights: a seed gives the same model on every target, and another seed another model.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"

#include <gtest/gtest.h>

namespace cria::test {
namespace {

/// Values are exact in every type, so only the order of f32 roundings and the f16 cache differ.
constexpr float kTolerance = 1e-3f;

/// Of the smallest preset.
std::vector<float> logitsOf(const std::string &seed, const std::string &weights, const std::string &target,
                            const std::string &backend) {
  const std::string package =
      compileModel("", {"--preset", "stories-260k", "--random-weights", seed, "--weights", weights, "--kv",
                        "f32", "--context", "64", "--target", target});
  const std::unique_ptr<Model> model = openCompiled(package, {.target = target, .backend = backend});
  return prefillLogits(*model, std::vector<int32_t>{1, 77});
}

void expectClose(const std::vector<float> &actual, const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  ASSERT_GT(*high, *low);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_LE(std::fabs(actual[i] - expected[i]), kTolerance * (*high - *low)) << i;
  }
}

TEST(RandomWeightsTest, SameModelForAllTypesOnCpu) {
  const std::vector<float> f16 = logitsOf("42", "f16", "cpu-x86-64-v3", "cpu");
  const std::vector<float> bf16 = logitsOf("42", "bf16", "cpu-x86-64-v3", "cpu");
  EXPECT_EQ(f16, bf16);
  EXPECT_NE(f16, logitsOf("43", "f16", "cpu-x86-64-v3", "cpu"));
}

TEST(RandomWeightsTest, SameModelOnReference) {
  expectClose(logitsOf("42", "f16", "cpu-x86-64-v3", "cpu"), logitsOf("42", "f16", "ops", "reference"));
}

} // namespace
} // namespace cria::test
