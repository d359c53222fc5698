// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// greedy: chooses the best candidate; of equal ones the one with the lower id.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class Greedy {
public:
  explicit Greedy(std::span<const cria_option *const>) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    candidates.selected = static_cast<int64_t>(cria::plugin::findBest(candidates));
  }
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_sampler_api kApi = cria::plugin::SamplerFunctions<Greedy>::table({});
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_SAMPLER, "greedy", CRIA_VERSION,
                                   "Chooses the best token; of equal ones the lower id", &kApi);
}
