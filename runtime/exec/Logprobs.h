// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Log-probabilities of a row of raw logits, and the choice that needs no sampler.
#pragma once

#include "runtime/exec/GenerateTypes.h"

namespace cria {

/// Index of the largest logit that is not excluded; ties go to the lower id. Errors: INTERNAL for a NaN (with
/// its place), INVALID_ARGUMENT when all are excluded.
StatusOr<int32_t> chooseGreedy(std::span<const float> logits, std::span<const int32_t> excluded = {});
/// log(sum(exp(logits))), in f64.
double logSumExp(std::span<const float> logits);
/// The `count` most likely tokens, descending, ties lower id first.
std::vector<TokenLogprob> topLogprobs(std::span<const float> logits, uint32_t count);

} // namespace cria
