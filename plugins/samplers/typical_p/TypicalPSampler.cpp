// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// typical_p(p): keeps the candidates whose surprise, -log of the probability, is closest to its expectation,
// the entropy, until their probabilities sum to more than p (Meister et al. 2022, "Locally Typical
// Sampling").
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class TypicalP {
public:
  struct Options {
    cria::plugin::FloatOption p{"p", "Cumulative probability of the tokens to keep", 0.95, 0, 1};
  };
  explicit TypicalP(const Options &options) : p_(options.p.value) {}

  // The surprise of a candidate is log(total) plus its distance from the highest logit, and the entropy is
  // the expected surprise. So |surprise - entropy| is |distance - expected distance|.
  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (p_ >= 1 || candidates.size == 1) {
      return;
    }
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const float best = cria::plugin::highestLogit(candidates);
    double mean = 0;
    for (size_t i = 0; i < candidates.size; ++i) {
      mean +=
          weights_[i] == 0.0f ? 0 : weights_[i] / total * static_cast<double>(best - candidates.logits[i]);
    }
    ranks_.resize(candidates.size);
    ranked_.resize(candidates.size);
    for (size_t i = 0; i < candidates.size; ++i) {
      const double distance = static_cast<double>(best - candidates.logits[i]); // may be infinite: ranks last
      ranks_[i] = cria::plugin::rankOf(-static_cast<float>(std::fabs(distance - mean)), candidates.ids[i]);
      ranked_[i] = {ranks_[i], weights_[i]};
    }
    const uint64_t cutoff = cria::plugin::cutoffOf(ranked_, p_ * total);
    cria::plugin::keepIf(candidates, [&](size_t i) { return ranks_[i] >= cutoff; });
  }

private:
  double p_;
  std::vector<float> weights_; // working memory
  std::vector<uint64_t> ranks_;
  std::vector<cria::plugin::Ranked> ranked_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<TypicalP>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                               "Keep the tokens whose surprise is closest to the entropy");
}
