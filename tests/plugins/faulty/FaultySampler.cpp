// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A sampler that draws and penalizes the tokens it accepted, with one fault (Fault.h).
#include "plugins/sdk/cria_sampler.hpp"
#include "tests/plugins/faulty/Fault.h"

#include <map>

namespace {

uint64_t sharedRandomState = 12345; // shared by all objects: the fault

double sharedRandom() {
  sharedRandomState = sharedRandomState * 6364136223846793005u + 1442695040888963407u;
  return static_cast<double>(sharedRandomState >> 11) * 0x1p-53;
}

class FaultySampler {
public:
  FaultySampler() = default;
  FaultySampler(const FaultySampler &other) : counts_(isFault("clone-forgets") ? Counts() : other.counts_) {}

  void accept(int32_t token, uint32_t) { ++counts_[token]; }
  void reset() {
    if (!isFault("reset-does-nothing")) {
      counts_.clear();
    }
  }

  void apply(cria_candidates &candidates, const cria_sample_context &context) {
    for (size_t i = 0; i < candidates.size; ++i) {
      const auto count = counts_.find(candidates.ids[i]);
      candidates.logits[i] -= count == counts_.end() ? 0.0f : 0.5f * static_cast<float>(count->second);
    }
    if (!counts_.empty()) {
      candidates.sorted = isFault("sorted-lies") ? 1 : 0;
    }
    spoil(candidates);
    if (!isFault("sorted-lies")) {
      draw(candidates, context);
    }
  }

private:
  using Counts = std::map<int32_t, int>;

  static void spoil(cria_candidates &candidates) {
    if (isFault("nothing-left")) {
      candidates.size = 0;
    } else if (isFault("id-twice") && candidates.size > 1) {
      candidates.ids[1] = candidates.ids[0];
    } else if (isFault("sorted-lies")) {
      candidates.sorted = 1;
    }
  }

  void draw(cria_candidates &candidates, const cria_sample_context &context) {
    const double total = cria::plugin::softmaxWeights(candidates, weights_);
    const double uniform = isFault("shared-random") ? sharedRandom() : context.uniform(context.user, 0);
    double sum = 0;
    for (size_t i = 0; i < candidates.size; ++i) {
      sum += weights_[i];
      if (sum > uniform * total) {
        candidates.selected = static_cast<int64_t>(isFault("biased-draw") && i > 0 ? i - 1 : i);
        return;
      }
    }
    candidates.selected = static_cast<int64_t>(candidates.size) - 1;
  }

  Counts counts_;
  std::vector<float> weights_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<FaultySampler>(host, out, message, "faulty", "1.0", "Faulty");
}
