// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// top_k(k): keeps the k candidates with the highest logits, in their order; of equal logits, the lowest ids.
#include "plugins/sdk/cria_sampler.hpp"

namespace {

constexpr int64_t kMaxK = 1 << 30;
/// If k is at most 1/16 of the candidates, a heap, which most candidates never enter, beats partitioning.
constexpr size_t kHeapFraction = 16;

class TopK {
public:
  struct Options {
    cria::plugin::IntOption k{"k", "Number of tokens to keep", 40, 1, kMaxK};
  };
  explicit TopK(const Options &options) : k_(static_cast<size_t>(options.k.value)) {}

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (k_ < candidates.size) {
      cria::plugin::keepFrom(candidates, cutoff(candidates));
    }
  }

private:
  uint64_t cutoff(const cria_candidates &candidates) {
    ranks_.resize(candidates.size);
    for (size_t i = 0; i < candidates.size; ++i) {
      ranks_[i] = cria::plugin::rankOf(candidates.logits[i], candidates.ids[i]);
    }
    const auto last = ranks_.begin() + static_cast<ptrdiff_t>(k_ - 1);
    if (k_ <= candidates.size / kHeapFraction) {
      std::partial_sort(ranks_.begin(), last + 1, ranks_.end(), std::greater<>());
    } else {
      std::nth_element(ranks_.begin(), last, ranks_.end(), std::greater<>());
    }
    return *last;
  }

  size_t k_;
  std::vector<uint64_t> ranks_; // working memory
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<TopK>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                           "Keep the k most probable tokens");
}
