// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mirostat(tau, eta): keeps the surprise of the text near tau bits per token (Mirostat 2.0; Basu et al. 2021,
// "Mirostat: A Neural Text Decoding Algorithm that Directly Controls Perplexity"). Drops candidates whose
// surprise, -log2 of the probability, exceeds mu, samples one of the rest, and updates
//   mu = mu - eta · (surprise of the chosen token - tau).
// It selects the token, so it ends a chain.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

constexpr double kMaxBits = 32;

class Mirostat {
public:
  struct Options {
    cria::plugin::FloatOption tau{"tau", "Target surprise, in bits per token", 5, 0, kMaxBits};
    cria::plugin::FloatOption eta{"eta", "Learning rate of the correction", 0.1, 0, 1};
  };
  explicit Mirostat(const Options &options) : tau_(options.tau.value), eta_(options.eta.value) { reset(); }

  void accept(int32_t, uint32_t) {} // apply() has already updated mu with its choice
  void reset() { mu_ = 2 * tau_; }

  void apply(cria_candidates &candidates, const cria_sample_context &context) {
    truncate(candidates);
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    candidates.selected =
        cria::plugin::drawIndex(weights_, total, context.uniform(context.user, cria::plugin::kUniformDraw));
    const double chosen = weights_[static_cast<size_t>(candidates.selected)] / total;
    mu_ -= eta_ * (-std::log2(chosen) - tau_);
  }

private:
  // Drops candidates whose surprise exceeds mu, but never the most probable one.
  void truncate(cria_candidates &candidates) {
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const double lowest = std::min(1.0, std::exp2(-mu_) * total); // the most probable candidate has weight 1
    cria::plugin::keepIf(candidates, [&](size_t i) { return static_cast<double>(weights_[i]) >= lowest; });
  }

  double tau_, eta_;
  double mu_;                  // in bits
  std::vector<float> weights_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Mirostat>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Sample with a controlled surprise (Mirostat 2.0); ends a chain");
}
