// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares every sampler with llama.cpp on the same logits (tests/golden/samplers.jsonl): the same tokens
// remain, and their logits agree up to a constant, which does not change the distribution.
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/SamplerChecks.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

namespace cria {
namespace {

using Json = nlohmann::json;

std::vector<Json> goldenLines() {
  std::vector<Json> lines;
  std::ifstream file(CRIA_SOURCE_DIR "/tests/golden/samplers.jsonl");
  for (std::string line; std::getline(file, line);) {
    lines.push_back(Json::parse(line));
  }
  return lines;
}

/// Finite logits by id, ascending.
struct Left {
  std::vector<int32_t> ids;
  std::vector<float> logits;
};

Left leftOf(const conformance::Candidates &candidates) {
  std::vector<size_t> order(candidates.ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return candidates.ids[a] < candidates.ids[b]; });
  Left left;
  for (const size_t i : order) {
    if (std::isfinite(candidates.logits[i])) {
      left.ids.push_back(candidates.ids[i]);
      left.logits.push_back(candidates.logits[i]);
    }
  }
  return left;
}

conformance::Candidates apply(PluginRegistry &registry, const Json &line) {
  const auto calls = parsePluginExpression(line["sampler"].get_ref<const std::string &>()).value();
  const LoadedPlugin *plugin = registry.load(PluginKind::sampler, calls[0].name).value();
  const auto api = readTable<cria_sampler_api>(plugin->api);
  const PluginOptions options =
      PluginOptions::check(api.options, api.num_options, calls[0].arguments, plugin->name).value();
  conformance::SamplerObject sampler(api, options);
  for (const int32_t token : line.value("accepted", std::vector<int32_t>())) {
    sampler.accept(token, CRIA_ORIGIN_GENERATED);
  }
  conformance::Candidates candidates{.logits = line["logits"].get<std::vector<float>>()};
  candidates.ids.resize(candidates.logits.size());
  std::iota(candidates.ids.begin(), candidates.ids.end(), 0);
  return sampler.apply(std::move(candidates), {});
}

TEST(GoldenSamplersTest, AgreeWithLlamaCpp) {
  const auto registry = openRegistry();
  constexpr float kTolerance = 2e-4f; // of logits up to some tens, computed in f32 on both sides
  std::set<std::string> seen;
  for (const Json &line : goldenLines()) {
    const std::string what =
        line["sampler"].get<std::string>() + " on " + std::to_string(line["logits"].size());
    seen.insert(what.substr(0, what.find('(')));
    const Left found = leftOf(apply(*registry, line));
    ASSERT_EQ(found.ids, line["ids"].get<std::vector<int32_t>>()) << what;
    const auto expected = line["values"].get<std::vector<float>>();
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(found.logits[i] - found.logits[0], expected[i] - expected[0], kTolerance)
          << what << ", id " << found.ids[i];
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"dry", "min_p", "mirostat", "penalties", "temperature", "top_k",
                                         "top_n_sigma", "typical_p", "xtc"}));
}

} // namespace
} // namespace cria
