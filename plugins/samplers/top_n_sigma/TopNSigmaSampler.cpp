// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// top_n_sigma(n): keeps the candidates whose logits are within n standard deviations of the highest one (Tang
// et al. 2024, "Top-nσ: Not All Logits Are You Need"). Logits of -infinity are excluded from the deviation.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

constexpr double kMaxSigmas = 1000;

class TopNSigma {
public:
  struct Options {
    cria::plugin::FloatOption n{"n", "Standard deviations below the highest logit; 0: keep all", 1, 0,
                                kMaxSigmas};
  };
  explicit TopNSigma(const Options &options) : n_(options.n.value) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (n_ <= 0) {
      return;
    }
    const double best = static_cast<double>(cria::plugin::highestLogit(candidates));
    const double lowest = best - n_ * deviationOf(candidates, best);
    cria::plugin::keepIf(candidates,
                         [&](size_t i) { return static_cast<double>(candidates.logits[i]) >= lowest; });
  }

private:
  // Sums the distances from the highest logit and their squares in one pass; these are small numbers, so the
  // difference of the two moments loses few bits.
  static double deviationOf(const cria_candidates &candidates, double best) {
    double sum = 0, squares = 0;
    size_t count = 0;
    for (size_t i = 0; i < candidates.size; ++i) {
      const double distance = best - static_cast<double>(candidates.logits[i]);
      const bool isNumber = std::isfinite(distance);
      sum += isNumber ? distance : 0;
      squares += isNumber ? distance * distance : 0;
      count += isNumber ? 1 : 0;
    }
    const double mean = sum / static_cast<double>(count);
    return std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
  }

  double n_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<TopNSigma>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Keep tokens within n standard deviations of the highest logit");
}
