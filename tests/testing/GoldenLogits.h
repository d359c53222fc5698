// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares a model's logits with golden ones, at all positions of all prompts.
#pragma once

#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"

namespace cria::test {

/// Tolerances for f16 weights and f16 KV rounded from f32: half an ulp of f16 (2^-11) per factor, in 2 or 3
/// layers.
inline constexpr float kHalfTolerance = 2e-2f;
inline constexpr double kHalfArgmaxShare = 0.99;
/// On tensor cores the inputs of linear layers are f16, too, so a few more near-ties are decided differently.
inline constexpr double kTensorCoreArgmaxShare = 0.97;

struct GoldenAgreement {
  float worst = 0; // largest difference, relative to the range of a prompt's logits
  size_t positions = 0;
  size_t sameBest = 0; // positions with the same best token

  bool isWithin(float tolerance, double argmaxShare) const {
    return positions > 0 && worst <= tolerance &&
           static_cast<double>(sameBest) >= argmaxShare * static_cast<double>(positions);
  }
};

/// Runs prefill on each prompt. Errors: throws std::runtime_error if a step fails.
GoldenAgreement compareLogits(Model &model, const std::vector<GoldenPrompt> &prompts);

} // namespace cria::test
