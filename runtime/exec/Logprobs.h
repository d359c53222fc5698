// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Log probabilities of a row of raw logits, and greedy choice.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/GenerateTypes.h"

namespace cria {

/// Returns the index of the largest logit that is not excluded; ties: the lower id. Errors: internal for a
/// NaN, with its id; invalidArgument if all ids are excluded.
StatusOr<int32_t> chooseGreedy(std::span<const float> logits, std::span<const int32_t> excluded = {});
/// Returns log(sum(exp(logits))), computed in f64.
double logSumExp(std::span<const float> logits);
/// Returns the Kullback-Leibler divergence Σ p · (log p − log q) in nats, with p and q the softmax of
/// two rows of logits of the same size; computed in f64.
double klDivergence(std::span<const float> logitsOfP, std::span<const float> logitsOfQ);
/// Returns the `count` most likely tokens, descending; ties: the lower id first.
std::vector<TokenLogprob> topLogprobs(std::span<const float> logits, uint32_t count);

} // namespace cria
