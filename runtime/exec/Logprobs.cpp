// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums in f64: the vocabulary is large, and rows are few.
#include "runtime/exec/Logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cria {

int32_t argmax(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double logSumExp(std::span<const float> logits) {
  double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits) {
    sum += std::exp(logit - largest);
  }
  return largest + std::log(sum);
}

std::vector<TokenLogprob> topLogprobs(std::span<const float> logits, uint32_t count) {
  count = static_cast<uint32_t>(std::min<size_t>(count, logits.size()));
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  auto before = [&](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); };
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), before);
  double total = logSumExp(logits);
  std::vector<TokenLogprob> top;
  for (uint32_t i = 0; i < count; ++i) {
    top.push_back({.id = ids[i], .logprob = static_cast<float>(logits[ids[i]] - total)});
  }
  return top;
}

} // namespace cria
