// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One small module for each kind of op that targets have kernels for, in any shape: what compiled targets are
// compared with the reference on.
#pragma once

#include "tools/cria-device-check/OpPrograms.h"

namespace cria::conformance {

OpProgram embeddingProgram(Random &random, const std::string &type, uint64_t width,
                           const ProgramLimits &limits = {});
/// The same of weights that the device makes.
OpProgram randomWeightsProgram(Random &random, const std::string &type, uint64_t width);
OpProgram rmsNormProgram(Random &random, uint64_t width, const ProgramLimits &limits = {});
/// silu, mul and add in one.
OpProgram elementwiseProgram(Random &random, uint64_t width, const ProgramLimits &limits = {});
OpProgram ropeProgram(Random &random, uint64_t heads, uint64_t headDim, const ProgramLimits &limits = {});

struct LinearShape {
  const char *type;
  uint64_t inner;
  uint64_t outer;
};
/// Any element type, 1 to 300 inputs, 1 to 200 outputs.
LinearShape randomLinear(Random &random);
std::string textOf(const LinearShape &shape);
OpProgram linearProgram(Random &random, const LinearShape &shape, const ProgramLimits &limits = {});
/// As the last linear of a model is: on rows that were picked before.
OpProgram linearOnOutputsProgram(Random &random, const LinearShape &shape);

struct LinearParts {
  bool norm = false, swiglu = false, residual = false;
};
OpProgram fusedLinearProgram(Random &random, const LinearShape &shape, const LinearParts &parts,
                             const ProgramLimits &limits = {});

struct AttentionShape {
  uint64_t group;
  uint64_t kvHeads;
  uint64_t headDim;
  const char *cacheType;
  bool oneBuffer; // q, k and v as columns of one tensor
};
std::string textOf(const AttentionShape &shape);
/// Two layers, of which the second is used.
OpProgram ropeAttentionProgram(Random &random, const AttentionShape &shape, const ProgramLimits &limits);

} // namespace cria::conformance
