// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// penalties(last_n, repeat, frequency, presence): penalizes tokens that are among the last n of prompt and
// answer. `repeat` divides a positive logit and multiplies a negative one (Keskar et al. 2019, CTRL, with the
// usual correction for negative logits); `frequency` is subtracted for each occurrence, `presence` once.
#include "plugins/sdk/cria_sampler.hpp"

#include <utility>

namespace {

constexpr int64_t kMaxTokens = 1 << 20; // above any context length
constexpr double kMinFactor = 0.01, kMaxFactor = 100, kMaxPenalty = 100;

class Penalties {
public:
  struct Options {
    cria::plugin::IntOption lastN{"last_n", "Number of preceding tokens to consider; -1: all, 0: none", 64,
                                  -1, kMaxTokens};
    cria::plugin::FloatOption repeat{"repeat",
                                     "Divisor of the logit of every token that has occurred; 1: no penalty",
                                     1, kMinFactor, kMaxFactor};
    cria::plugin::FloatOption frequency{"frequency", "Subtracted from the logit for each occurrence", 0,
                                        -kMaxPenalty, kMaxPenalty};
    cria::plugin::FloatOption presence{"presence",
                                       "Subtracted once from the logit of every token that has occurred", 0,
                                       -kMaxPenalty, kMaxPenalty};
  };
  Penalties(const Options &options, const cria_vocabulary &vocabulary)
      : lastN_(options.lastN.value < 0 ? kMaxTokens : options.lastN.value),
        repeat_(static_cast<float>(options.repeat.value)),
        frequency_(static_cast<float>(options.frequency.value)),
        presence_(static_cast<float>(options.presence.value)), counts_(vocabulary.size) {}

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
    } else { // a ring buffer: the new token replaces the oldest
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
  std::vector<int32_t> recent_; // the last lastN_ tokens; once full, a ring buffer whose oldest is oldest_
  size_t oldest_ = 0;
  std::vector<int32_t> counts_; // indexed by id: occurrences in recent_
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Penalties>(
      host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
      "Penalize recent tokens by repetition, frequency and presence");
}
