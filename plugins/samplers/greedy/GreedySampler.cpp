// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// greedy: chooses the candidate with the highest logit; of equal logits, the one with the lowest id.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class Greedy {
public:
  void apply(cria_candidates &candidates, const cria_sample_context &) {
    candidates.selected = static_cast<int64_t>(cria::plugin::findBest(candidates));
  }
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Greedy>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Choose the token with the highest logit; of equal logits, the lowest id");
}
