// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random calls of every op of the opset, and the comparison of their results with the formulas. Used by the
// conformance suite and by the tests of the reference backend.
#pragma once

#include "tools/cria-plugin-test/Formulas.h"
#include "tools/cria-plugin-test/RandomCalls.h"

#include <optional>

namespace cria::conformance {

/// A kind of call. Its shapes are random.
struct OpVariant {
  std::string op;
  uint32_t type = CRIA_TYPE_F32;                       // of weight, table or cache
  uint64_t group = 1;                                  // attention: query heads for each KV head
  bool norm = false, swiglu = false, residual = false; // fused_linear
};
/// Returns a name such as "linear/f16", "attention/f16-group4" or "fused_linear/f32-norm-swiglu".
std::string nameOf(const OpVariant &variant);
/// Returns every op with every element type, ratio of heads and combination of parts that the suite tests.
std::vector<OpVariant> allVariants();

/// Returns a call with random shapes. Gaps between the rows of operands and all results hold NaN.
OpCall randomCall(Random &random, const OpVariant &variant);
/// Returns the lowest version of the opset that has the call. Throws std::logic_error if none has.
uint32_t versionOf(const OpCall &call);
/// Changes the values of the operands, for another replay of a command buffer.
void changeValues(Random &random, OpCall &call);

/// Compares everything that the call wrote with the formulas, within the tolerance of the opset. `before` is
/// updatedBy(call) from before the call. Errors: throws Failure.
void checkResult(const OpCall &call, const std::vector<double> &before);
/// Returns the values of the array that the op updates in part, the cache or a weight; empty for other ops.
std::vector<double> updatedBy(const OpCall &call);

} // namespace cria::conformance
