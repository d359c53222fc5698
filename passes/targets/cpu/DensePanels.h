// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads panels of dense weights in kernels, and multiplies them with activations of class f32 or bf16.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

/// The weights of 16 rows as vectors of 16 words, in the order of columns: a vector has a column in f32, or,
/// on levels with vdpbf16ps in class bf16, a pair of columns in bf16. Rows of activations have a word for
/// each vector. Class bf16 adds the second column of a pair first (format/ActivationProduct.h).
class DensePanels {
public:
  DensePanels(Emitter &emitter, const Isa &isa, const LinearSpec &spec, mlir::Value weight);

  /// Vectors of a panel. In class bf16 without pairs their number is even: a last column alone has zeros
  /// beside it.
  int64_t vectors() const;
  /// The vector that a chain adds as number i; i for an i of less than a multiple of 2.
  int64_t inOrderOfChains(int64_t i) const { return isSwapped() ? i ^ 1 : i; }
  /// Vectors whose order inOrderOfChains() changes: chains are cut between such groups.
  int64_t vectorsOfGroup() const { return isSwapped() ? 2 : 1; }

  mlir::Value load(Index panel, Index vector);
  /// Adds the products of a word of activations, in 16 lanes, with a vector.
  mlir::Value multiply(mlir::Value words, mlir::Value vector, mlir::Value sums);
  /// One prefetch for each cache line of `count` vectors, far enough ahead to cover the latency of memory.
  void prefetch(Index panel, Index vector, int64_t count);

private:
  bool isSwapped() const { return isBfloat_ && !hasPairs_; }
  Index start(Index panel) { return panel * (columns_ * kLanes); }
  mlir::Value column(Index panel, Index column);
  mlir::Value pair(Index panel, Index pair);

  Emitter &e_;
  mlir::Value weight_;
  int64_t columns_, elementBytes_;
  bool isBfloat_, hasPairs_;
};

} // namespace cria::cpu
