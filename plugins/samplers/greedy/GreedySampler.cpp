// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// greedy: chooses the best candidate; of equal ones the one with the lower id.
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
      "Chooses the best token; of equal ones the one with the lower id");
}
