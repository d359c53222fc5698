// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of opset v1 (plugins/api/cria_opset.hpp, docs/generated/opset-v1.md): scalar implementation of
// each.
#pragma once

#include "Tensor.h"
#include "plugins/api/cria_opset.hpp"

#include <map>
#include <string>
#include <string_view>

namespace cria::reference {

/// A recorded op: operands and attributes by name, all present and of the types its signature asks for.
class OpCall {
public:
  std::map<std::string, Tensor, std::less<>> operands;
  std::map<std::string, double, std::less<>> numbers;
  std::map<std::string, int64_t, std::less<>> integers;
  std::map<std::string, std::string, std::less<>> texts;

  const Tensor &operand(std::string_view name) const { return operands.find(name)->second; }
  const Tensor *optionalOperand(std::string_view name) const {
    const auto found = operands.find(name);
    return found == operands.end() ? nullptr : &found->second;
  }
  float number(std::string_view name) const { return static_cast<float>(numbers.find(name)->second); }
  int64_t integer(std::string_view name) const { return integers.find(name)->second; }
  std::string_view text(std::string_view name) const { return texts.find(name)->second; }
};

/// How an op of the opset is run.
struct OpImplementation {
  std::string_view name;
  void (*run)(const OpCall &call);
  /// What names, types and extents alone cannot say: empty, or what is wrong. Null: nothing more to check.
  std::string (*check)(const OpCall &call) = nullptr;
  /// Looks at positions, slots and pages before each run: empty, or which of them points nowhere. Null: the
  /// op has none, or takes any.
  std::string (*checkIndices)(const OpCall &call) = nullptr;
};

/// Null when the opset has no op of that name.
const OpImplementation *findImplementation(std::string_view name);

// Implementations, by file. Formulas stand beside them.
void runEmbedding(const OpCall &call);
void runGatherRows(const OpCall &call);
void runSilu(const OpCall &call);
void runMul(const OpCall &call);
void runAdd(const OpCall &call);
void runRmsNorm(const OpCall &call);
void runLinear(const OpCall &call);
void runFusedLinear(const OpCall &call);
void runRope(const OpCall &call);
void runKvAppend(const OpCall &call);
void runAttention(const OpCall &call);
void runRopeAttention(const OpCall &call);
void runFillRandom(const OpCall &call);
void runFillOnes(const OpCall &call);

// Checks beside them.
std::string checkFusedLinear(const OpCall &call);
std::string checkRope(const OpCall &call);
std::string checkCacheOp(const OpCall &call);
std::string checkRopeAttention(const OpCall &call);
std::string checkFillRandom(const OpCall &call);
std::string checkRopeIndices(const OpCall &call);
std::string checkAppendIndices(const OpCall &call);
std::string checkAttentionIndices(const OpCall &call);
std::string checkRopeAttentionIndices(const OpCall &call);

} // namespace cria::reference
