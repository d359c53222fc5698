// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes and f32 operations that steps need, from the program and the model's shape.
#pragma once

#include "runtime/exec/Model.h"

namespace cria::cli {

class StepCost {
public:
  explicit StepCost(const Model &model) : model_(model), config_(model.manifest().model) {}

  /// Weights an entry reads whole: all but the tables, of which it looks up rows.
  double weightBytes(std::string_view entryName) const;
  double kvBytes(double positions) const;
  /// Of `tokens` rows through the layers and `outputs` rows of logits. A multiply-add counts two.
  double linearOperations(double tokens, double outputs) const;
  /// Scores and weighted sums over `positions` attended positions in all.
  double attentionOperations(double positions) const;

private:
  const Model &model_;
  const ModelConfig &config_;
};

} // namespace cria::cli
