// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// temperature(t): divides the logits by t; t = 0 chooses the candidate with the highest logit, as greedy
// does.
//
// temperature(t, range, exponent): dynamic temperature; the divisor depends on the entropy H of the
// candidates:
//   low + (t + range - low) · (H / Hmax)^exponent, where low = max(0, t - range)
// and Hmax is the entropy of a uniform distribution over as many candidates.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

/// Above this, the distribution is practically uniform.
constexpr double kMaxTemperature = 1000;
constexpr double kMaxExponent = 100;

class Temperature {
public:
  struct Options {
    cria::plugin::FloatOption t{"t", "Divisor of the logits; 0 chooses the most probable token", 1, 0,
                                kMaxTemperature};
    cria::plugin::FloatOption range{"range", "How far the divisor may vary with the entropy; 0: it is t", 0,
                                    0, kMaxTemperature};
    cria::plugin::FloatOption exponent{"exponent", "Exponent of the relative entropy, if range is not 0", 1,
                                       0, kMaxExponent};
  };
  explicit Temperature(const Options &options)
      : temperature_(options.t.value), range_(options.range.value), exponent_(options.exponent.value) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (range_ > 0 && candidates.size == 1) {
      return; // H and Hmax are both 0
    }
    const auto divisor = static_cast<float>(range_ > 0 ? dynamicTemperature(candidates) : temperature_);
    if (divisor == 0.0f) { // or rounded to 0
      candidates.selected = static_cast<int64_t>(cria::plugin::findBest(candidates));
    } else if (divisor != 1.0f) {
      divide(candidates, divisor);
    }
  }

private:
  double dynamicTemperature(const cria_candidates &candidates) {
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const float best = cria::plugin::highestLogit(candidates);
    double distance = 0; // the expected distance from the highest logit
    for (size_t i = 0; i < candidates.size; ++i) {
      distance +=
          weights_[i] == 0.0f ? 0 : weights_[i] / total * static_cast<double>(best - candidates.logits[i]);
    }
    const double entropy = std::log(total) + distance;
    const double evenness = std::min(1.0, entropy / std::log(static_cast<double>(candidates.size)));
    const double lowest = std::max(0.0, temperature_ - range_);
    return lowest + (temperature_ + range_ - lowest) * std::pow(evenness, exponent_);
  }

  // Divides the distances from the highest logit, so that a small divisor cannot overflow to +infinity.
  static void divide(cria_candidates &candidates, float divisor) {
    const float best = cria::plugin::highestLogit(candidates);
    if (std::isinf(best)) {
      return;
    }
    for (size_t i = 0; i < candidates.size; ++i) {
      candidates.logits[i] = (candidates.logits[i] - best) / divisor;
    }
    cria::plugin::recheckOrder(candidates); // different logits may have rounded to the same value
  }

  double temperature_, range_, exponent_;
  std::vector<float> weights_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Temperature>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                                  "Sharpen (below 1) or flatten (above 1) the distribution");
}
