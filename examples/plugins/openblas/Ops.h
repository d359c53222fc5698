// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of this backend. Their operands have been checked against the opset; check functions return what
// else is wrong with a call, or "".
#pragma once

#include <cria_ops_call.hpp>

#include <string>

using cria::plugin::OpCall;
using cria::plugin::OpOperand;

inline float *rowOf(const OpOperand &operand, uint64_t row) {
  return operand.floats() + row * operand.strides[0];
}

/// Rows.cpp
void runEmbedding(const OpCall &call);
void runGatherRows(const OpCall &call);
void runRmsNorm(const OpCall &call);
void runRope(const OpCall &call);
void runSilu(const OpCall &call);
void runMul(const OpCall &call);
void runAdd(const OpCall &call);
std::string checkRope(const OpCall &call);

/// Attention.cpp
void runKvAppend(const OpCall &call);
void runAttention(const OpCall &call);
std::string checkCache(const OpCall &call);
