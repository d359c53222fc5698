// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small modules, one for each kind of op that targets have kernels for, in any shape. Compiled targets are
// compared with the reference on them.
#pragma once

#include "tools/cria-device-check/OpPrograms.h"

namespace cria::conformance {

OpProgram embeddingProgram(Random &random, const std::string &type, uint64_t width,
                           const CaseLimits &limits = {});
/// The same with weights that the device generates.
OpProgram randomWeightsProgram(Random &random, const std::string &type, uint64_t width);
OpProgram rmsNormProgram(Random &random, uint64_t width, const CaseLimits &limits = {});
/// A module with silu, mul and add.
OpProgram elementwiseProgram(Random &random, uint64_t width, const CaseLimits &limits = {});
OpProgram ropeProgram(Random &random, uint64_t heads, uint64_t headDim, const CaseLimits &limits = {});

struct LinearShape {
  const char *type;
  uint64_t inner;
  uint64_t outer;
  bool isSeeded = false; // the device generates the weights
};
/// Returns a random element type with 1 to 300 inputs and 1 to 200 outputs.
LinearShape randomLinear(Random &random);
std::string textOf(const LinearShape &shape);
OpProgram linearProgram(Random &random, const LinearShape &shape, const CaseLimits &limits = {});
/// A linear on gathered rows, as the last linear of a model.
OpProgram linearOnOutputsProgram(Random &random, const LinearShape &shape, const CaseLimits &limits = {});

struct LinearParts {
  bool norm = false, swiglu = false, residual = false;
};
OpProgram fusedLinearProgram(Random &random, const LinearShape &shape, const LinearParts &parts,
                             const CaseLimits &limits = {});

struct AttentionShape {
  uint64_t group;
  uint64_t kvHeads;
  uint64_t headDim;
  const char *cacheType;
  bool oneBuffer;             // q, k and v as columns of one tensor
  const char *scale = "0.25"; // of scores
};
std::string textOf(const AttentionShape &shape);
/// An attention on the second of two layers of the cache.
OpProgram ropeAttentionProgram(Random &random, const AttentionShape &shape, const CaseLimits &limits);

} // namespace cria::conformance
