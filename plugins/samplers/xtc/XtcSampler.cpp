// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// xtc(probability, threshold): with the given probability, drops all candidates whose probability reaches the
// threshold except the least probable of them ("exclude top choices", p-e-w 2024). If only one reaches the
// threshold, nothing changes.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class Xtc {
public:
  struct Options {
    cria::plugin::FloatOption probability{"probability", "Probability of dropping the top choices", 0.5, 0,
                                          1};
    cria::plugin::FloatOption threshold{
        "threshold", "Lowest probability of a top choice; above 0.5 at most one token is one", 0.1, 0, 1};
  };
  explicit Xtc(const Options &options)
      : probability_(options.probability.value), threshold_(options.threshold.value) {}

  void apply(cria_candidates &candidates, const cria_sample_context &context) {
    if (context.uniform(context.user, cria::plugin::kUniformXtc) >= probability_) {
      return;
    }
    const double lowest = threshold_ * cria::plugin::softmaxWeights(candidates, weights_);
    size_t top = 0;
    uint64_t least = UINT64_MAX; // rank of the least probable top choice
    for (size_t i = 0; i < candidates.size; ++i) {
      if (static_cast<double>(weights_[i]) >= lowest) {
        least = std::min(least, cria::plugin::rankOf(candidates.logits[i], candidates.ids[i]));
        ++top;
      }
    }
    if (top > 1) {
      cria::plugin::keepIf(candidates, [&](size_t i) {
        return cria::plugin::rankOf(candidates.logits[i], candidates.ids[i]) <= least;
      });
    }
  }

private:
  double probability_, threshold_;
  std::vector<float> weights_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Xtc>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                          "Drop the most probable tokens at random (exclude top choices)");
}
