// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar implementations of the ops of the opset (plugins/sdk/cria_opset.hpp, docs/generated/opset.md).
#pragma once

#include "Tensor.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cria::reference {

/// A recorded op, with its operands as tensors.
class OpCall {
public:
  explicit OpCall(const plugin::OpCall &call) : call_(call) {}

  Tensor operand(std::string_view name) const { return Tensor(call_[name]); }
  std::optional<Tensor> optionalOperand(std::string_view name) const {
    const plugin::OpOperand *found = call_.find(name);
    return found == nullptr ? std::nullopt : std::optional(Tensor(*found));
  }
  float number(std::string_view name) const { return static_cast<float>(call_.number(name)); }
  int64_t integer(std::string_view name) const { return call_.integer(name); }
  std::string_view text(std::string_view name) const { return call_.text(name); }
  bool has(std::string_view attribute) const {
    return call_.numbers.contains(attribute) || call_.integers.contains(attribute) ||
           call_.texts.contains(attribute);
  }

private:
  const plugin::OpCall &call_;
};

/// Returns the implementations of all ops of the opset.
std::span<const plugin::OpImplementation> allOps();

/// Implementations, by file.
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

/// Checks of calls. They return what is wrong, or "".
std::string checkEmbedding(const OpCall &call);
std::string checkLinear(const OpCall &call);
std::string checkFusedLinear(const OpCall &call);
std::string checkRope(const OpCall &call);
std::string checkCacheOp(const OpCall &call);
std::string checkRopeAttention(const OpCall &call);
std::string checkFillRandom(const OpCall &call);
std::string checkRandomColumns(const OpCall &call);
std::string checkRopeIndices(const OpCall &call);
std::string checkAppendIndices(const OpCall &call);
std::string checkAttentionIndices(const OpCall &call);
std::string checkRopeAttentionIndices(const OpCall &call);

} // namespace cria::reference
