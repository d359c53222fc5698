// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// top_p(p): nucleus sampling (Holtzman et al. 2020). Keeps the fewest most probable candidates whose
// probabilities sum to more than p, including the one that crosses p, in their order.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class TopP {
public:
  struct Options {
    cria::plugin::FloatOption p{"p", "Cumulative probability of the tokens to keep", 0.95, 0, 1};
  };
  explicit TopP(const Options &options) : p_(options.p.value) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (p_ < 1 && candidates.size > 1) {
      const double total = cria::plugin::softmaxWeights(candidates, weights_);
      collect(candidates, total);
      cria::plugin::keepFrom(candidates, cria::plugin::cutoffOf(ranked_, p_ * total));
    }
  }

private:
  // Skips candidates so improbable that all of them together have a probability below 1 - p: the others
  // already sum to more than p. This drops most of a vocabulary in one pass. The factor 0.5 leaves room for
  // rounding.
  void collect(const cria_candidates &candidates, double total) {
    const double negligible = 0.5 * (1 - p_) * total / static_cast<double>(candidates.size);
    ranked_.resize(candidates.size);
    size_t count = 0;
    for (size_t i = 0; i < candidates.size; ++i) { // branchless
      ranked_[count] = {cria::plugin::rankOf(candidates.logits[i], candidates.ids[i]), weights_[i]};
      count += weights_[i] >= negligible ? 1 : 0;
    }
    ranked_.resize(count);
  }

  double p_;
  std::vector<float> weights_; // working memory
  std::vector<cria::plugin::Ranked> ranked_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<TopP>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Keep the most probable tokens whose probabilities sum to p (nucleus)");
}
