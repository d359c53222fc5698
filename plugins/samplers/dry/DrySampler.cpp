// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dry(multiplier, base, allowed_length, last_n, breakers): penalizes tokens that would continue a repetition
// ("don't repeat yourself", p-e-w 2024). If the last n >= allowed_length tokens have occurred before,
//   multiplier · base^(n - allowed_length)
// is subtracted from the logit of the token that followed the earlier occurrence. A repetition never extends
// across a breaker (a string); a token whose text contains a breaker is not penalized.
#include "plugins/samplers/dry/Repetitions.h"
#include "plugins/sdk/cria_sampler.hpp"

namespace {

constexpr int64_t kMaxTokens = 1 << 20; // above any context length
constexpr size_t kMaxBreakerBytes = 40;
constexpr double kMaxPenalty = 1e30; // well below the largest f32

/// Splits "\n|:|a\\|b" at every '|' that no backslash precedes.
std::vector<std::string> splitBreakers(std::string_view text) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '|') {
      parts.emplace_back();
    } else {
      i += text[i] == '\\' && i + 1 < text.size() ? 1 : 0;
      parts.back() += text[i];
    }
  }
  std::erase(parts, "");
  for (const std::string &part : parts) {
    if (part.size() > kMaxBreakerBytes) {
      throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                  "breaker '" + part + "' has " + std::to_string(part.size()) +
                                      " bytes, expected at most " + std::to_string(kMaxBreakerBytes));
    }
  }
  return parts;
}

class Dry {
public:
  struct Options {
    cria::plugin::FloatOption multiplier{"multiplier", "Penalty of the shortest repetition; 0: no penalty",
                                         0.8, 0, 100};
    cria::plugin::FloatOption base{"base", "Growth of the penalty with each additional token", 1.75, 1, 10};
    cria::plugin::IntOption allowedLength{"allowed_length", "Tokens that may be repeated without a penalty",
                                          2, 1, kMaxTokens};
    cria::plugin::IntOption lastN{"last_n", "Number of preceding tokens to search; -1: all, 0: none", -1, -1,
                                  kMaxTokens};
    cria::plugin::TextOption breakers{
        "breakers", "Strings that end a repetition, separated by |; \\| is a literal |", "\n|:|\"|*"};
  };
  Dry(const Options &options, const cria_vocabulary &vocabulary)
      : multiplier_(options.multiplier.value), base_(options.base.value),
        allowedLength_(static_cast<uint32_t>(options.allowedLength.value)),
        lastN_(static_cast<size_t>(options.lastN.value < 0 ? kMaxTokens : options.lastN.value)),
        breakers_(splitBreakers(options.breakers.value)), vocabulary_(&vocabulary),
        isBreaker_(vocabulary.size) {
    for (uint32_t id = 0; id < vocabulary.size; ++id) {
      const std::string_view piece = cria::plugin::view(vocabulary.pieces[id]);
      isBreaker_[id] = std::any_of(breakers_.begin(), breakers_.end(),
                                   [&](const std::string &text) { return piece.find(text) != piece.npos; });
    }
  }

  void accept(int32_t token, uint32_t) {
    tokens_.push_back(token);
    sinceBreaker_ = endsBreaker(token) ? 0 : sinceBreaker_ + 1;
    if (tokens_.size() >= 2 * std::max<size_t>(lastN_, 64)) { // amortized constant cost per token
      tokens_.erase(tokens_.begin(), tokens_.end() - static_cast<ptrdiff_t>(lastN_));
    }
  }
  void reset() {
    tokens_.clear();
    tail_.clear();
    sinceBreaker_ = 0;
  }

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    const std::span<const int32_t> recent =
        std::span(tokens_).subspan(tokens_.size() - std::min(lastN_, tokens_.size()));
    const size_t limit = std::min(sinceBreaker_, recent.size());
    if (multiplier_ == 0 || recent.size() <= allowedLength_ || limit < allowedLength_) {
      return;
    }
    const auto longest = continuations(recent, static_cast<uint32_t>(limit), allowedLength_);
    for (size_t i = 0; i < candidates.size && !longest.empty(); ++i) {
      const auto found = longest.find(candidates.ids[i]);
      if (found != longest.end() && !containsBreaker(candidates.ids[i])) {
        candidates.logits[i] -= penaltyOf(found->second);
      }
    }
    cria::plugin::recheckOrder(candidates);
  }

private:
  float penaltyOf(uint32_t length) const {
    const double penalty = multiplier_ * std::pow(base_, static_cast<double>(length - allowedLength_));
    return static_cast<float>(std::min(penalty, kMaxPenalty));
  }

  bool containsBreaker(int32_t id) const {
    return id >= 0 && static_cast<size_t>(id) < isBreaker_.size() && isBreaker_[static_cast<size_t>(id)];
  }

  // Returns whether a breaker, which may span several tokens, ends in `id`, the newest token.
  bool endsBreaker(int32_t id) {
    const bool isKnown = id >= 0 && static_cast<uint32_t>(id) < vocabulary_->size;
    const std::string_view piece = isKnown ? cria::plugin::view(vocabulary_->pieces[id]) : std::string_view();
    tail_.append(piece);
    const bool ends = std::any_of(breakers_.begin(), breakers_.end(), [&](const std::string &breaker) {
      const size_t at = tail_.rfind(breaker);
      return at != std::string::npos && at + breaker.size() > tail_.size() - piece.size();
    });
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kMaxBreakerBytes));
    return ends;
  }

  double multiplier_, base_;
  uint32_t allowedLength_;
  size_t lastN_;
  std::vector<std::string> breakers_;
  const cria_vocabulary *vocabulary_;
  std::vector<bool> isBreaker_; // indexed by id: whether its piece contains a breaker
  std::vector<int32_t> tokens_; // at least the last lastN_ tokens
  std::string tail_;            // the last kMaxBreakerBytes bytes of their text
  size_t sinceBreaker_ = 0;     // number of tokens after the last one in which a breaker ended
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<Dry>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                          "Penalize tokens that continue a repetition (DRY)");
}
