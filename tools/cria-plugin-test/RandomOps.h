// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random calls of every op of the opset, and the check of what came out against the formulas. Shared by the
// suite for plugins and by the tests of the reference backend.
#pragma once

#include "tools/cria-plugin-test/Formulas.h"
#include "tools/cria-plugin-test/RandomCalls.h"

#include <optional>

namespace cria::conformance {

/// What a kind of call is made of, beside shapes, which are random.
struct OpVariant {
  std::string op;
  uint32_t type = CRIA_TYPE_F32;                       // of weight, table or cache
  uint64_t group = 1;                                  // attention: query heads for each KV head
  bool norm = false, swiglu = false, residual = false; // fused_linear
};
/// "linear/f16", "attention/f16-group4", "fused_linear/f32-norm-swiglu".
std::string nameOf(const OpVariant &variant);
/// "f32", "f16", "bf16".
std::string nameOfType(uint32_t type);
/// Every op with every type, ratio of heads and combination of parts that the suite tries.
std::vector<OpVariant> allVariants();

/// A call with random shapes, operands with gaps between rows that hold NaN, results all NaN.
OpCall randomCall(Random &random, const OpVariant &variant);
/// The lowest version of the opset that has the call. Throws std::logic_error when none has.
uint32_t versionOf(const OpCall &call);
/// The same operands with other values: what a recording is replayed with.
void changeValues(Random &random, OpCall &call);

/// Compares all that the call wrote with the formulas, at the tolerance of the opset; throws Failure.
/// `before`: updatedBy(call) before the call.
void checkResult(const OpCall &call, const std::vector<double> &before);
/// The values of what the op writes parts of, the cache or a weight; else empty.
std::vector<double> updatedBy(const OpCall &call);

} // namespace cria::conformance
