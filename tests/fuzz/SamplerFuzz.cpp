// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a chain of samplers, a zero byte, and logits as f16. A chain is created or
// refused; its description gives the same chain; it chooses a token or refuses the logits; clones and resets
// repeat its choices.
#include "runtime/plugin/SamplerChain.h"
#include "support/Half.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/runtime/plugin/NamedVocabulary.h"

#include <cstdlib>
#include <cstring>

using namespace cria;

namespace {
std::unique_ptr<PluginRegistry> openPlugins() {
  return PluginRegistry::create(
             {.folders = {CRIA_BINARY_DIR "/plugins"}, .environment = {}, .executable = {}})
      .value();
}

std::vector<float> logitsOf(std::string_view bytes, size_t count) {
  std::vector<float> logits(count);
  for (size_t i = 0; i < count && 2 * i + 1 < bytes.size(); ++i) {
    uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, sizeof(half));
    logits[i] = floatFromHalf(half);
  }
  return logits;
}

/// Chooses a few tokens; -1 where the logits are refused.
std::vector<int32_t> choose(SamplerChain &chain, std::span<const float> logits) {
  std::vector<int32_t> chosen;
  for (uint64_t position = 0; position < 4; ++position) {
    const auto token = chain.sample(logits, {.seed = 1, .sequence = 0, .position = position});
    chosen.push_back(token.ok() ? *token : -1);
    if (token.ok() && (*token < 0 || size_t(*token) >= logits.size())) {
      abort();
    }
    if (token.ok() && !chain.accept(*token, TokenOrigin::generated).ok()) {
      break; // for example, a grammar after a sampler that has chosen
    }
  }
  return chosen;
}
} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const NamedVocabulary vocabulary;
  static const std::unique_ptr<PluginRegistry> registry = openPlugins();
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  auto chain = SamplerChain::create(*registry, input.substr(0, end), vocabulary.view());
  if (!chain.ok()) {
    return 0;
  }
  auto again = SamplerChain::create(*registry, chain->describe(), vocabulary.view());
  auto clone = chain->clone();
  if (!again.ok() || !clone.ok() || again->describe() != chain->describe()) {
    abort();
  }
  const std::vector<float> logits =
      logitsOf(input.substr(std::min(end + 1, input.size())), vocabulary.view().size);
  const std::vector<int32_t> chosen = choose(*chain, logits);
  chain->reset();
  if (choose(*clone, logits) != chosen || choose(*chain, logits) != chosen ||
      choose(*again, logits) != chosen) {
    abort();
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  const std::string logits("\0\x00\x3c\x00\x40\x00\xbc\x00\x7c\x00\x7e\x00\xfc\x34\x12", 15);
  return {"top_k(40)|top_p(0.95)|temperature(0.8)" + logits,
          "penalties(repeat=1.1, frequency=0.1, presence=0.2)|min_p(0.1)|draw" + logits,
          "mirostat(tau=5, eta=0.1)" + logits,
          "dry(multiplier=0.8)|xtc(probability=0.5, threshold=0.1)" + logits,
          "logit_bias(\"3:-inf,4:2.5\")|typical_p(0.9)|top_n_sigma(1)|greedy" + logits,
          "grammar(\"root ::= [a-z]+\")|draw" + logits};
}
