// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums are accumulated in f64, since the vocabulary is large and rows are few.
#include "runtime/exec/Logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cria {

StatusOr<int32_t> chooseGreedy(std::span<const float> logits, std::span<const int32_t> excluded) {
  int32_t best = -1;
  for (size_t i = 0; i < logits.size(); ++i) {
    int32_t id = static_cast<int32_t>(i);
    if (std::isnan(logits[i])) {
      return error(StatusCode::internal, "the logit of token {} is not a number", id);
    }
    bool better = best < 0 || logits[i] > logits[static_cast<size_t>(best)];
    if (better && std::find(excluded.begin(), excluded.end(), id) == excluded.end()) {
      best = id;
    }
  }
  return best >= 0 ? StatusOr<int32_t>(best) : invalidArgument("every token is excluded");
}

double logSumExp(std::span<const float> logits) {
  double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits) {
    sum += std::exp(logit - largest);
  }
  return largest + std::log(sum);
}

double klDivergence(std::span<const float> logitsOfP, std::span<const float> logitsOfQ) {
  const double sumOfP = logSumExp(logitsOfP), sumOfQ = logSumExp(logitsOfQ);
  double divergence = 0;
  for (size_t i = 0; i < logitsOfP.size(); ++i) {
    const double logP = logitsOfP[i] - sumOfP, logQ = logitsOfQ[i] - sumOfQ;
    divergence += std::exp(logP) * (logP - logQ);
  }
  return divergence;
}

std::vector<TokenLogprob> topLogprobs(std::span<const float> logits, uint32_t count) {
  count = static_cast<uint32_t>(std::min<size_t>(count, logits.size()));
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  auto before = [&](int32_t a, int32_t b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  };
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), before);
  double total = logSumExp(logits);
  std::vector<TokenLogprob> top;
  for (uint32_t i = 0; i < count; ++i) {
    top.push_back({.id = ids[i], .logprob = static_cast<float>(logits[ids[i]] - total)});
  }
  return top;
}

} // namespace cria
