// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kinds of kernels behind emitLinear(), emitEmbedding() and emitFill(): of dense weights, and of weights
// with codes.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

/// The elements of the buffer that holds a weight: its own, or bytes if it has codes.
inline mlir::Type elementOfWeight(mlir::OpBuilder &types, WeightFormat format) {
  return isDense(format) ? mlirType(types.getContext(), traitsOf(format).element) : types.getI8Type();
}

/// Rows of a workgroup, and bytes of scratch, of kernels for many rows.
int64_t denseLinearRows();
int64_t denseLinearScratch();
void emitDenseLinear(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec);

// Of weights with codes.
int64_t codedLinearRows();
int64_t codedLinearScratch(const LinearSpec &spec);
void emitCodedLinear(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec);
int64_t codedEmbeddingScratch(const EmbeddingSpec &spec);
void emitCodedEmbedding(KernelFunction &kernel, const Isa &isa, const EmbeddingSpec &spec);
void emitCodedFill(KernelFunction &kernel, const FillSpec &spec);

} // namespace cria::cpu
