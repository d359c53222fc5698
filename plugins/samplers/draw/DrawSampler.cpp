// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// draw: chooses a candidate at random, each with its softmax probability, by one uniform number.
#include "plugins/api/cria_sampler.hpp"

namespace {

class Draw {
public:
  explicit Draw(std::span<const cria_option *const>) {}

  void apply(cria_candidates &candidates, const cria_sample_context &context) {
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const double target = context.uniform(context.user, 0) * total;
    double sum = 0;
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (weights_[i] == 0.0f) {
        continue;
      }
      sum += weights_[i];
      candidates.selected = static_cast<int64_t>(i); // the last one with a weight, if rounding leaves none
      if (sum > target) {
        return;
      }
    }
  }

private:
  std::vector<float> weights_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_sampler_api kApi = cria::plugin::SamplerFunctions<Draw>::table({});
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_SAMPLER, "draw", CRIA_VERSION,
                                   "Chooses a token at random by probability; the end of a chain", &kApi);
}
