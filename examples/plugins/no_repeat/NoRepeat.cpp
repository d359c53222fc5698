// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// no_repeat(n): forbids every token that would complete a run of n tokens that the text already contains.
#include <cria_sampler.hpp>

#include <limits>

class NoRepeat {
public:
  struct Options {
    cria::plugin::IntOption n{"n", "Length of the runs of tokens that must not occur twice", 3, 1, 100};
  };
  explicit NoRepeat(const Options &options) : n_(static_cast<size_t>(options.n.value)) {}

  void accept(int32_t token, uint32_t) { text_.push_back(token); }
  void reset() { text_.clear(); }

  void apply(cria_candidates &candidates, const cria_sample_context &) {
    if (text_.size() < n_) {
      return;
    }
    const auto last =
        text_.end() - static_cast<ptrdiff_t>(n_ - 1); // the run that must not continue as it did before
    for (auto run = text_.begin(); run + static_cast<ptrdiff_t>(n_ - 1) < text_.end(); ++run) {
      if (std::equal(last, text_.end(), run)) {
        forbid(candidates, run[static_cast<ptrdiff_t>(n_ - 1)]);
      }
    }
  }

private:
  // Keeps the last finite logit, since the contract requires one.
  static void forbid(cria_candidates &candidates, int32_t token) {
    size_t numbers = 0;
    for (size_t i = 0; i < candidates.size; ++i) {
      numbers += std::isfinite(candidates.logits[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < candidates.size && numbers > 1; ++i) {
      if (candidates.ids[i] == token) {
        candidates.logits[i] = -std::numeric_limits<float>::infinity();
        candidates.sorted = 0;
      }
    }
  }

  size_t n_;
  std::vector<int32_t> text_;
};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerSampler<NoRepeat>(host, out, message, CRIA_PLUGIN_NAME, CRIA_PLUGIN_VERSION,
                                               "Forbid runs of tokens that the text already contains");
}
