// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares what settings of generation and options of the user make of logits with `generate` of transformers
// (tests/golden/generation.jsonl): the tokens that remain, and their probabilities.
#include "frontends/huggingface/GenerationConfig.h"
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/serve/RequestOptions.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"
#include "tools/cria-plugin-test/SamplerChecks.h"

#include <cmath>
#include <gmock/gmock.h>
#include <map>

namespace cria {
namespace {

constexpr int32_t kEos = 2; // of the model that made the file

template <typename T> std::optional<T> memberOf(const Json &object, const char *name) {
  return object.contains(name) ? std::optional(object[name].get<T>()) : std::nullopt;
}

RequestOptions optionsOf(const Json &json) {
  return {.temperature = memberOf<double>(json, "temperature"),
          .topK = memberOf<int64_t>(json, "top_k"),
          .topP = memberOf<double>(json, "top_p"),
          .minP = memberOf<double>(json, "min_p"),
          .typicalP = memberOf<double>(json, "typical_p"),
          .repetitionPenalty = memberOf<double>(json, "repetition_penalty")};
}

/// All tokens, without the end of the text if nothing may end it yet.
conformance::Candidates candidatesOf(const Json &line, const GenerationDefaults &defaults) {
  conformance::Candidates candidates;
  const auto logits = line["logits"].get<std::vector<float>>();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (static_cast<int32_t>(i) != kEos || defaults.minNewTokens.value_or(0) == 0) {
      candidates.ids.push_back(static_cast<int32_t>(i));
      candidates.logits.push_back(logits[i]);
    }
  }
  return candidates;
}

conformance::Candidates apply(PluginRegistry &registry, const SamplerSpec &spec, const Json &prompt,
                              conformance::Candidates candidates) {
  const LoadedPlugin *plugin = registry.load(PluginKind::sampler, spec.name).value();
  const auto api = readTable<cria_sampler_api>(plugin->api);
  conformance::SamplerObject sampler(
      api, PluginOptions::check(api.options, api.num_options, spec.arguments, plugin->name).value());
  for (const int32_t token : prompt) {
    sampler.accept(token, CRIA_ORIGIN_PROMPT);
  }
  return sampler.apply(std::move(candidates), {});
}

std::map<int32_t, double> probabilitiesOf(const conformance::Candidates &candidates) {
  std::map<int32_t, double> result;
  const double best = *std::ranges::max_element(candidates.logits);
  double total = 0;
  for (size_t i = 0; i < candidates.ids.size(); ++i) {
    total += result[candidates.ids[i]] = std::exp(double(candidates.logits[i]) - best);
  }
  for (auto &[id, probability] : result) {
    probability /= total;
  }
  return result;
}

void expectSame(const std::map<int32_t, double> &found, const Json &expected, const Json &line) {
  ASSERT_EQ(found.size(), expected.size()) << line;
  for (const auto &[id, probability] : found) {
    ASSERT_TRUE(expected.contains(std::to_string(id))) << line << " " << id;
    EXPECT_NEAR(probability, expected[std::to_string(id)].get<double>(), 2e-5)
        << line << " " << id; // five digits
  }
}

/// A line that transformers refuses is refused, or the value is left out with a note.
void expectNoted(const StatusOr<GenerationDefaults> &defaults, const std::vector<std::string> &notes,
                 const Json &line) {
  EXPECT_TRUE(!defaults.ok() || notes.size() == 1) << line;
}

void expectAsTransformers(PluginRegistry &registry, const GenerationDefaults &defaults, const Json &line) {
  const auto specs = samplersOf(optionsOf(line["options"]), defaults);
  ASSERT_TRUE(specs.ok()) << specs.status().message();
  conformance::Candidates candidates = candidatesOf(line, defaults);
  for (const SamplerSpec &spec : *specs) {
    candidates = apply(registry, spec, line["prompt"], std::move(candidates));
  }
  EXPECT_EQ(specs->back().name == "greedy", !line["samples"].get<bool>()) << line;
  if (!line["samples"]) {
    EXPECT_EQ(candidates.choice(), line["choice"]) << line;
  } else {
    expectSame(probabilitiesOf(candidates), line["left"], line);
  }
  if (!line["max_new_tokens"].is_null()) {
    EXPECT_EQ(defaults.maxNewTokens, line["max_new_tokens"].get<int64_t>()) << line;
  }
}

TEST(GoldenGenerationTest, AgreesWithTransformers) {
  const auto registry = openRegistry();
  int compared = 0;
  for (const Json &line : goldenLines("generation.jsonl")) {
    std::vector<std::string> notes;
    const ModelConfig model{.vocabSize = 24, .context = 64};
    const auto defaults = huggingface::readGenerationDefaults(line["settings"], "g.json", model, notes);
    if (line.contains("refused")) {
      expectNoted(defaults, notes, line);
      continue;
    }
    ASSERT_TRUE(defaults.ok()) << defaults.status().message() << line;
    expectAsTransformers(*registry, *defaults, line);
    EXPECT_THAT(notes, testing::Each(testing::Not(testing::HasSubstr("not applied")))) << line;
    ++compared;
  }
  EXPECT_GE(compared, 150);
}

} // namespace
} // namespace cria
