// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the RoPE settings of a config.json to frequencies, as transformers reads and computes them.
#include "frontends/huggingface/HuggingFaceConfig.h"
#include "passes/codegen/RopeTable.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace cria;

namespace {

constexpr double kGoldenTolerance = 1e-6; // relative: a few roundings in f32

/// A config.json with the settings of a golden line.
Json configOf(const Json &settings) {
  Json config = {{"model_type", "llama"},    {"hidden_size", 4 * settings["head_dim"].get<int64_t>()},
                 {"num_attention_heads", 4}, {"num_hidden_layers", 1},
                 {"intermediate_size", 8},   {"vocab_size", 16},
                 {"rms_norm_eps", 1e-5}};
  config.update(settings);
  return config;
}

TEST(GoldenRope, FrequenciesAreThoseOfTransformers) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/golden/rope.jsonl");
  size_t lines = 0;
  for (std::string text; std::getline(file, text); ++lines) {
    const Json line = Json::parse(text);
    const auto parsed = huggingface::parseConfig(configOf(line["config"]), "config.json");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message() << text;
    const ModelConfig &model = parsed->model;
    ASSERT_TRUE(model.check("config.json").ok()) << model.check("config.json").message() << text;
    const auto frequencies = inverseFrequencies(model.ropeTheta, model.headDim, model.ropeScaling);
    const auto expected = line["frequencies"].get<std::vector<double>>();
    ASSERT_EQ(frequencies.size(), expected.size()) << text;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(frequencies[i] / expected[i], 1, kGoldenTolerance) << i << text;
    }
    EXPECT_EQ(ropeMagnitude(model.ropeScaling), line["factor"].get<float>()) << text;
  }
  EXPECT_GT(lines, 50u);
}

} // namespace
