// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// min_p(p): keeps the candidates that are at least p times as probable as the most probable one (Nguyen et
// al. 2024, "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs").
#include "plugins/sdk/cria_sampler.hpp"

namespace {

class MinP {
public:
  struct Options {
    cria::plugin::FloatOption p{
        "p", "Lowest probability to keep, relative to that of the most probable token", 0.05, 0, 1};
  };
  explicit MinP(const Options &options) : margin_(std::log(static_cast<float>(options.p.value))) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    const float lowest =
        cria::plugin::highestLogit(candidates) + margin_; // p = 0: -infinity, which keeps all
    cria::plugin::keepIf(candidates, [&](size_t i) { return candidates.logits[i] >= lowest; });
  }

private:
  float margin_; // log p
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<MinP>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Keep tokens at least p times as probable as the most probable one");
}
