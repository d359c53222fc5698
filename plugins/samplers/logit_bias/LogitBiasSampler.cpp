// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// logit_bias("15043:-1.5,29871:2,13:-inf"): adds a bias to the logits of the given tokens; -inf forbids a
// token.
#include "plugins/sdk/cria_sampler.hpp"

#include <charconv>
#include <set>

namespace {

using cria::plugin::Refusal;

[[noreturn]] void refuse(std::string_view part, const std::string &why) {
  throw Refusal(CRIA_STATUS_INVALID_ARGUMENT, "bias '" + std::string(part) + "': " + why);
}

template <typename Number> bool parse(std::string_view text, Number &out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

class LogitBias {
public:
  struct Options {
    cria::plugin::TextOption bias{"bias", "ID:NUMBER, separated by commas; -inf forbids a token", ""};
  };
  LogitBias(const Options &options, const cria_vocabulary &vocabulary) : biases_(vocabulary.size) {
    std::set<uint32_t> given;
    std::string_view rest = options.bias.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      add(rest.substr(0, end), given);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    for (size_t i = 0; i < candidates.size; ++i) {
      const auto id = static_cast<size_t>(candidates.ids[i]);
      candidates.logits[i] += id < biases_.size() ? biases_[id] : 0.0f;
    }
    if (std::isinf(cria::plugin::highestLogit(candidates))) {
      throw Refusal(
          CRIA_STATUS_INVALID_ARGUMENT,
          "every remaining token is forbidden; allow one, or place logit_bias before the samplers that drop "
          "tokens");
    }
    cria::plugin::recheckOrder(candidates);
  }

private:
  void add(std::string_view part, std::set<uint32_t> &given) {
    const size_t colon = part.find(':');
    uint32_t id = 0;
    float bias = 0;
    if (colon == part.npos || !parse(part.substr(0, colon), id) || !parse(part.substr(colon + 1), bias)) {
      refuse(part, "expected ID:NUMBER, as in 15043:-1.5; -inf forbids a token");
    }
    if (id >= biases_.size()) {
      refuse(part, "expected an id below " + std::to_string(biases_.size()));
    }
    constexpr float kMaxBias = 1e6f; // above any logit, and sums stay finite
    if (!(bias <= kMaxBias) || (std::isfinite(bias) && bias < -kMaxBias)) {
      refuse(part, "expected a number from -1000000 to 1000000, or -inf");
    }
    if (!given.insert(id).second) {
      refuse(part, "id is given twice");
    }
    biases_[id] = bias;
  }

  std::vector<float> biases_; // indexed by id
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<LogitBias>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                                "Add a bias to the logits of single tokens, or forbid them");
}
