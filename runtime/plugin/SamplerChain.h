// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SamplerChain: samplers in the user's order that choose a token from logits. When none of them selects, the
// sampler `draw` does. A chain belongs to one sequence; clone it for a fork.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"

#include <memory>
#include <span>

namespace cria {

/// Where a token is, for reproducible randomness.
struct SamplePoint {
  uint64_t seed = 0;
  uint64_t sequence = 0;
  uint64_t position = 0; // of the token being chosen
};

/// The host's randomness: in [0, 1), a pure function of its arguments.
double uniformAt(const SamplePoint &point, uint32_t index);

enum class TokenOrigin : uint32_t { prompt = CRIA_ORIGIN_PROMPT, generated = CRIA_ORIGIN_GENERATED };

class SamplerChain {
public:
  /// expression: e.g. "top_k(40)|top_p(0.95)|temperature(0.8)", "greedy", or empty (draw alone). registry and
  /// vocabulary outlive the chain. Errors: invalidArgument or notFound with the expression and a caret.
  static StatusOr<SamplerChain> create(PluginRegistry &registry, std::string_view expression,
                                       const cria_vocabulary &vocabulary);
  SamplerChain(SamplerChain &&) noexcept;
  SamplerChain &operator=(SamplerChain &&) noexcept;
  ~SamplerChain();

  /// Chooses one id. logits: f32 [vocabulary.size], unchanged. excluded: ids that must not be chosen (EOS
  /// under min_tokens). Errors: invalidArgument when a logit is NaN or +infinity, or nothing is left to
  /// choose from. After the first call nothing is allocated.
  StatusOr<int32_t> sample(std::span<const float> logits, const SamplePoint &point,
                           std::span<const int32_t> excluded = {});
  /// Tells every sampler a token that became part of the text.
  Status accept(int32_t token, TokenOrigin origin);
  /// Back to the state after create.
  void reset();
  /// A chain with the same options and state.
  StatusOr<SamplerChain> clone() const;
  /// The chain as it runs, with all options: "top_k(k=40)|draw()".
  std::string describe() const;

private:
  struct Stage;
  SamplerChain();
  Status addStage(PluginRegistry &registry, std::string_view expression, const PluginCallExpression &call);
  Status collect(std::span<const float> logits, std::span<const int32_t> excluded);
  StatusOr<int32_t> run(cria_candidates &candidates, const cria_sample_context &context);

  const cria_vocabulary *vocabulary_ = nullptr;
  std::vector<Stage> stages_; // the last is `draw`
  std::vector<int32_t> ids_;
  std::vector<float> logits_;
};

} // namespace cria
