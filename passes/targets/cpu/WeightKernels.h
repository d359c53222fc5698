// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kinds of kernels behind emitLinear() and emitEmbedding(): of dense weights, and of weights with codes.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

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

} // namespace cria::cpu
