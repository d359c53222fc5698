// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// penalties(last_n, repeat, frequency, presence): makes tokens less likely that are among the last n of
// prompt and answer. repeat divides a positive logit and multiplies a negative one (Keskar et al. 2019, CTRL,
// with the usual remedy for negative logits); frequency is taken off for each time, presence once.
#include "plugins/sdk/cria_sampler.hpp"

#include <utility>

namespace {

constexpr int64_t kMostTokens = 1 << 20; // beyond any context

class Penalties {
public:
  Penalties(std::span<const cria_option *const> options, const cria_vocabulary &vocabulary)
      : lastN_(options[0]->integer < 0 ? kMostTokens : options[0]->integer),
        repeat_(static_cast<float>(options[1]->number)), frequency_(static_cast<float>(options[2]->number)),
        presence_(static_cast<float>(options[3]->number)), counts_(vocabulary.size) {}

  void accept(int32_t token, uint32_t) {
    if (token < 0 || static_cast<size_t>(token) >= counts_.size()) {
      throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, "expected a token below " +
                                                                    std::to_string(counts_.size()) +
                                                                    ", got " + std::to_string(token));
    }
    if (lastN_ == 0) {
      return;
    }
    const auto room = static_cast<size_t>(lastN_);
    if (recent_.size() < room) {
      recent_.push_back(token);
    } else { // a ring: the oldest gives its place
      --counts_[static_cast<size_t>(std::exchange(recent_[oldest_], token))];
      oldest_ = (oldest_ + 1) % room;
    }
    ++counts_[static_cast<size_t>(token)];
  }

  void reset() {
    recent_.clear();
    oldest_ = 0;
    std::fill(counts_.begin(), counts_.end(), 0);
  }

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (recent_.empty()) {
      return;
    }
    for (size_t i = 0; i < candidates.size; ++i) {
      const auto id = static_cast<size_t>(candidates.ids[i]);
      if (id < counts_.size() && counts_[id] > 0) {
        float &logit = candidates.logits[i];
        logit = logit <= 0 ? logit * repeat_ : logit / repeat_;
        logit -= static_cast<float>(counts_[id]) * frequency_ + presence_;
      }
    }
    cria::plugin::recheckOrder(candidates);
  }

private:
  int64_t lastN_;
  float repeat_, frequency_, presence_;
  std::vector<int32_t> recent_; // the last n; once full a ring that begins at oldest_
  size_t oldest_ = 0;
  std::vector<int32_t> counts_; // of each id, in recent_
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  using cria::plugin::numberOption;
  constexpr double kLeastFactor = 0.01, kMostFactor = 100, kMostPenalty = 100;
  static const cria_option_info kLastN = numberOption(
      CRIA_OPTION_INT, "last_n", "How many tokens back count; -1: all, 0: none", 64, -1, double{kMostTokens});
  static const cria_option_info kRepeat =
      numberOption(CRIA_OPTION_FLOAT, "repeat", "Divisor of a logit that was there before; 1: none", 1,
                   kLeastFactor, kMostFactor);
  static const cria_option_info kFrequency = numberOption(
      CRIA_OPTION_FLOAT, "frequency", "Taken off for each time it was there", 0, -kMostPenalty, kMostPenalty);
  static const cria_option_info kPresence = numberOption(
      CRIA_OPTION_FLOAT, "presence", "Taken off once if it was there", 0, -kMostPenalty, kMostPenalty);
  static const cria_option_info *const kOptions[] = {&kLastN, &kRepeat, &kFrequency, &kPresence};
  static const cria_sampler_api kApi = cria::plugin::SamplerFunctions<Penalties>::table(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_SAMPLER, "penalties", CRIA_VERSION,
                                   "Makes recent tokens less likely: repetition, frequency, presence", &kApi);
}
