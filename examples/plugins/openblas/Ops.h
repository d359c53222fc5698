// The ops this backend has. Each is called with operands that fit the opset; check functions say what else it
// asks for.
#pragma once

#include <cria_ops_call.hpp>

#include <string>

using cria::plugin::OpCall;
using cria::plugin::OpOperand;

inline float *rowOf(const OpOperand &operand, uint64_t row) {
  return operand.floats() + row * operand.strides[0];
}

// Rows.cpp
void runEmbedding(const OpCall &call);
void runGatherRows(const OpCall &call);
void runRmsNorm(const OpCall &call);
void runRope(const OpCall &call);
void runSilu(const OpCall &call);
void runMul(const OpCall &call);
void runAdd(const OpCall &call);
std::string checkRope(const OpCall &call);

// Attention.cpp
void runKvAppend(const OpCall &call);
void runAttention(const OpCall &call);
std::string checkCache(const OpCall &call);
