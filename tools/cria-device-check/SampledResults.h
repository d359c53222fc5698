// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samples of the results of large ops: the formulas of the opset, applied to calls that are reduced to the
// sampled rows and columns.
#pragma once

#include "tools/cria-device-check/OpCases.h"

namespace cria::conformance {

/// Returns columns of the outputs of a linear layer (fusedLinearProgram(), or linearOnOutputsProgram()
/// without parts) whose weights are seeded.
Matrix sampledLinear(const Tensors &tensors, const LinearShape &shape, const LinearParts &parts,
                     const StepInputs &step, const std::vector<uint64_t> &columns);

/// Computes the first and the last query head of the last KV head of ropeAttentionProgram() with one buffer.
class SampledAttention {
public:
  /// steps: all that write to the cache, of one sequence. Rounds keys and values to f16.
  SampledAttention(const Tensors &tensors, const AttentionShape &shape, const std::vector<StepInputs> &steps,
                   uint64_t pages);

  /// The columns of the sampled heads.
  static std::vector<uint64_t> columnsOf(const AttentionShape &shape);
  /// Returns these columns of the outputs of one of the steps.
  Matrix operator()(const StepInputs &step) const;

private:
  OpCall callOn(const View &cache, const StepInputs &step) const;
  View cacheAfter(const std::vector<StepInputs> &steps, uint64_t pages) const;

  Matrix activations_;             // query heads, keys, values of each token
  View table_, cache_;             // RoPE's table; one KV head of one layer
  uint64_t headDim_, key_, value_; // the columns of the KV head's keys and values in activations_
  double scale_;
  std::vector<uint64_t> columns_;
};

} // namespace cria::conformance
