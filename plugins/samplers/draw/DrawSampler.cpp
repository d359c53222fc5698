// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// draw: samples one candidate from the softmax of the logits, with one uniform random number.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class Draw {
public:
  void apply(cria_candidates &candidates, const cria_sample_context &context) {
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const double uniform = context.uniform(context.user, cria::plugin::kUniformDraw);
    candidates.selected = cria::plugin::drawIndex(weights_, total, uniform);
  }

private:
  std::vector<float> weights_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Draw>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                           "Sample a token from the softmax distribution; ends a chain");
}
