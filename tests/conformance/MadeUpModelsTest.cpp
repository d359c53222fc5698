// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model with weights in a format of MadeUpFormats.cpp, from the option of the compiler to the logits: the
// targets agree as those with formats of the table do (tests/e2e/WeightFormatsTest.cpp).
#include "format/WeightFormat.h"
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/GoldenLogits.h"

#include <gtest/gtest.h>

namespace cria::test {
namespace {

const std::vector<int32_t> kPrompt = {1, 77, 30, 5, 51, 33, 9, 41, 2, 68, 70, 31};

/// The plugins of this build, with a backend `reference` that has the formats.
PluginRegistry &madeUpRegistry() {
  static const std::unique_ptr<PluginRegistry> registry =
      PluginRegistry::create({.folders = {CRIA_BINARY_DIR "/made-up-formats", CRIA_BINARY_DIR "/plugins",
                                          CRIA_BINARY_DIR "/dev-plugins"},
                              .environment = "",
                              .executable = ""})
          .value();
  return *registry;
}

/// The logits of the prompt on the best target of those for one backend.
std::vector<float> logitsOn(const std::string &target, const std::string &backend, const std::string &weights,
                            const std::string &activations) {
  const std::string package =
      compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--weights", weights, "--kv", "f32", "--target",
                                            target, "--activations", activations});
  ModelOptions options{.backend = backend, .numThreads = 1};
  options.debug.poisonBuffers = true;
  const auto model =
      Model::open(Package::open(package, {.verifyWeights = true}).value(), madeUpRegistry(), options);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return model.ok() ? prefillLogits(**model, kPrompt) : std::vector<float>();
}

/// The largest difference, relative to the range of the expected logits.
float largestDifference(const std::vector<float> &found, const std::vector<float> &expected) {
  EXPECT_EQ(found.size(), expected.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const float difference = std::abs(found[i] - expected[i]);
    largest = difference <= largest ? largest : difference; // NaN counts
  }
  const auto [low, high] = std::ranges::minmax(expected);
  return largest / (high - low);
}

std::vector<std::string> madeUpFormats() {
  std::vector<std::string> names;
  for (size_t i = kWeightFormats.size(); i < numWeightFormats(); ++i) {
    names.emplace_back(nameOf(WeightFormat(i)));
  }
  return names;
}

class MadeUpModels : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, MadeUpModels, testing::ValuesIn(madeUpFormats()),
                         [](const auto &each) { return each.param; });

// In f32 the order of sums differs. In int8 products are the same, but norms differ in their last bits, which
// may move codes of activations.
TEST_P(MadeUpModels, HaveTheSameLogitsOnAllTargets) {
  const std::vector<float> single = logitsOn("ops", "reference", GetParam(), "f32");
  EXPECT_LE(largestDifference(logitsOn("gpusim", "gpusim", GetParam(), "f32"), single), 1e-4f);
  const std::vector<float> bytes = logitsOn("ops", "reference", GetParam(), "int8");
  EXPECT_LE(largestDifference(logitsOn("cpu", "cpu", GetParam(), "int8"), bytes), 2e-3f);
  EXPECT_GT(largestDifference(bytes, single), 2e-3f) << "the activations were not rounded";
  EXPECT_GT(largestDifference(single, logitsOn("ops", "reference", "f32", "f32")), 2e-3f)
      << "the weights were not rounded";
}

} // namespace
} // namespace cria::test
