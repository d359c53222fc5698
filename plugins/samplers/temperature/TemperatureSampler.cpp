// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// temperature(t): divides logits by t. 0 chooses the best candidate, as greedy does.
#include "plugins/api/cria_sampler.hpp"

namespace {

// Above this all tokens are practically equal.
constexpr double kMaxTemperature = 1000;

class Temperature {
public:
  explicit Temperature(std::span<const cria_option *const> options)
      : temperature_(static_cast<float>(options[0]->number)) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (temperature_ == 0.0f) { // also what is too small for a float
      candidates.selected = static_cast<int64_t>(cria::plugin::findBest(candidates));
    } else if (temperature_ != 1.0f) {
      scale(candidates);
    }
  }

private:
  // Relative to the best logit, so that a small t cannot overflow upwards.
  void scale(cria_candidates &candidates) const {
    const float best = cria::plugin::highestLogit(candidates);
    if (std::isinf(best)) {
      return;
    }
    for (size_t i = 0; i < candidates.size; ++i) {
      candidates.logits[i] = (candidates.logits[i] - best) / temperature_;
    }
    if (candidates.sorted != 0 && !isSorted(candidates)) { // rounding made logits equal
      candidates.sorted = 0;
    }
  }

  static bool isSorted(const cria_candidates &candidates) {
    for (size_t i = 1; i < candidates.size; ++i) {
      if (candidates.logits[i] == candidates.logits[i - 1] && candidates.ids[i] < candidates.ids[i - 1]) {
        return false;
      }
    }
    return true;
  }

  float temperature_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kOption = cria::plugin::numberOption(
      CRIA_OPTION_FLOAT, "t", "Divisor of the logits; 0 chooses the best token", 1, 0, kMaxTemperature);
  static const cria_option_info *const kOptions[] = {&kOption};
  static const cria_sampler_api kApi = cria::plugin::SamplerFunctions<Temperature>::table(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_SAMPLER, "temperature", CRIA_VERSION,
                                   "Sharpens (below 1) or flattens (above 1) the distribution", &kApi);
}
