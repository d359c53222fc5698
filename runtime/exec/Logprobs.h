// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Log-probabilities of a row of raw logits, and the choice that needs no sampler.
#pragma once

#include "runtime/exec/GenerateTypes.h"

namespace cria {

/// Index of the largest logit; ties go to the lower id. logits: at least one, no NaN.
int32_t argmax(std::span<const float> logits);
/// log(sum(exp(logits))), in f64.
double logSumExp(std::span<const float> logits);
/// The `count` most likely tokens, descending, ties lower id first.
std::vector<TokenLogprob> topLogprobs(std::span<const float> logits, uint32_t count);

} // namespace cria
