// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SamplerChain: a sequence of samplers that chooses a token from logits. If none of them selects a token,
// the sampler `draw` does. A chain holds the state of one sequence; clone it to fork the sequence.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"

#include <memory>
#include <span>

namespace cria {

/// The arguments of the random numbers for one token.
struct SamplePoint {
  uint64_t seed = 0;
  uint64_t sequence = 0;
  uint64_t position = 0; // of the token being chosen
};

/// Returns the random number with `index` for one token: a double in [0, 1), a pure function of its
/// arguments.
double uniformAt(const SamplePoint &point, uint32_t index);

enum class TokenOrigin : uint32_t { prompt = CRIA_ORIGIN_PROMPT, generated = CRIA_ORIGIN_GENERATED };

/// One sampler of a chain.
using SamplerSpec = PluginSpec;

/// Like parsePluginExpression(), but accepts an empty expression.
StatusOr<std::vector<SamplerSpec>> parseSamplers(std::string_view expression);

/// Not thread-safe; callers serialize.
class SamplerChain {
public:
  /// Loads the samplers in order. An empty list samples from the distribution of the model. registry and
  /// vocabulary outlive the chain. expression: the text that `specs` were parsed from, for messages; empty
  /// if there is none. Errors: invalidArgument or notFound; the samplers'.
  static StatusOr<SamplerChain> create(PluginRegistry &registry, std::span<const SamplerSpec> specs,
                                       const cria_vocabulary &vocabulary, std::string_view expression = {});
  /// The same from an expression, e.g. "top_k(40)|top_p(0.95)|temperature(0.8)", "greedy", or empty.
  static StatusOr<SamplerChain> create(PluginRegistry &registry, std::string_view expression,
                                       const cria_vocabulary &vocabulary);
  SamplerChain(SamplerChain &&) noexcept;
  SamplerChain &operator=(SamplerChain &&) noexcept;
  ~SamplerChain();

  /// Chooses a token. logits: f32 [vocabulary.size], host, borrowed for the call. excluded: ids that are
  /// not chosen. Allocates only in the first call. Errors: invalidArgument if a logit is NaN or +infinity,
  /// or if all tokens are excluded; internal if a sampler violates the plugin contract.
  StatusOr<int32_t> sample(std::span<const float> logits, const SamplePoint &point,
                           std::span<const int32_t> excluded = {});
  /// Appends a token to the text that the samplers see. Errors: the samplers'.
  Status accept(int32_t token, TokenOrigin origin);
  /// Returns to the state after create().
  void reset();
  /// Returns a chain with the same options and state. Errors: the samplers'.
  StatusOr<SamplerChain> clone() const;
  /// Returns whether a sampler has asked for a random number since create(), so that the seed matters.
  bool usesRandomNumbers() const { return usesRandomNumbers_; }
  /// Returns the samplers with all their options: "top_k(k=40)|draw()".
  std::string describe() const;

private:
  struct Stage;
  SamplerChain();
  Status addStage(PluginRegistry &registry, const SamplerSpec &spec, std::string_view expression);
  Status collect(std::span<const float> logits, std::span<const int32_t> excluded);
  StatusOr<int32_t> run(cria_candidates &candidates, const cria_sample_context &context);

  const cria_vocabulary *vocabulary_ = nullptr;
  std::vector<Stage> stages_; // the last is `draw`
  std::vector<int32_t> ids_;
  std::vector<float> logits_;
  bool usesRandomNumbers_ = false;
};

} // namespace cria
