// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes and f32 operations that steps need, computed from the program and the shape of the model.
#pragma once

#include "runtime/exec/Model.h"

namespace cria::cli {

class StepCost {
public:
  explicit StepCost(const Model &model) : model_(model), config_(model.manifest().model) {}

  /// Bytes of the weights that an entry point reads completely: all except lookup tables.
  double weightBytes(std::string_view entryName) const;
  double kvBytes(double positions) const;
  /// For `tokens` rows of the step and `outputs` rows of logits. A multiply-add counts as two.
  double linearOperations(double tokens, double outputs) const;
  /// For scores and weighted sums over `positions` attended positions in total.
  double attentionOperations(double positions) const;

private:
  const Model &model_;
  const ModelConfig &config_;
};

} // namespace cria::cli
