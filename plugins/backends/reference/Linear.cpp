// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linear: y = W·x with W row-major [N, K]. fused_linear: an optional norm before it, SwiGLU and a residual
// after it.
#include "Elementwise.h"
#include "Norm.h"
#include "Weight.h"

namespace cria::reference {
namespace {

/// Accumulates in f32, in ascending order of k.
float dot(const std::vector<float> &row, const std::vector<float> &x) {
  float sum = 0.0f;
  for (uint64_t k = 0; k < x.size(); ++k) {
    sum += row[k] * x[k];
  }
  return sum;
}

/// The inputs of all tokens, so that a row of the weight is decoded once.
using Inputs = std::vector<std::vector<float>>;

std::vector<float> outputsOf(const Weight &weight, uint64_t row, const Inputs &inputs) {
  std::vector<float> outputs;
  const std::vector<float> values = weight.loadRow(row, inputs.empty() ? 0 : inputs[0].size());
  for (const std::vector<float> &x : inputs) {
    outputs.push_back(dot(values, x));
  }
  return outputs;
}

/// Gate and up rows are interleaved in blocks: gate row j is row (j / block)·2·block + j mod block of the
/// weight, and up row j follows `block` rows later.
std::vector<float> swigluOf(const Weight &weight, uint64_t j, uint64_t block, const Inputs &inputs) {
  const uint64_t gateRow = j / block * 2 * block + j % block;
  std::vector<float> outputs = outputsOf(weight, gateRow, inputs);
  const std::vector<float> up = outputsOf(weight, gateRow + block, inputs);
  for (uint64_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = silu(outputs[i]) * up[i];
  }
  return outputs;
}

} // namespace

void runLinear(const OpCall &call) {
  const Tensor &output = call.operand("output");
  const Weight weight(call, "weight");
  Inputs inputs;
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    inputs.push_back(loadRow(call.operand("input"), row));
  }
  for (uint64_t n = 0; n < output.shape[1]; ++n) {
    const std::vector<float> outputs = outputsOf(weight, n, inputs);
    for (uint64_t row = 0; row < outputs.size(); ++row) {
      output.store(row, n, outputs[row]);
    }
  }
}

std::string checkLinear(const OpCall &call) {
  return checkWeight(call, "weight", call.operand("input").shape[1]);
}

void runFusedLinear(const OpCall &call) {
  const Tensor &input = call.operand("input");
  const Weight weight(call, "weight");
  const Tensor &output = call.operand("output");
  const std::optional<Tensor> norm = call.optionalOperand("norm_weight");
  const std::optional<Tensor> residual = call.optionalOperand("residual");
  const bool swiglu = call.text("activation") == "swiglu";
  const uint64_t block = swiglu ? static_cast<uint64_t>(call.integer("swiglu_block")) : 0;
  Inputs inputs;
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    inputs.push_back(norm ? rmsNormRow(input, row, *norm, call.number("epsilon")) : loadRow(input, row));
  }
  for (uint64_t n = 0; n < output.shape[1]; ++n) {
    const std::vector<float> outputs =
        swiglu ? swigluOf(weight, n, block, inputs) : outputsOf(weight, n, inputs);
    for (uint64_t row = 0; row < outputs.size(); ++row) {
      output.store(row, n, residual ? residual->load(row, n) + outputs[row] : outputs[row]);
    }
  }
}

std::string checkFusedLinear(const OpCall &call) {
  const std::string_view activation = call.text("activation");
  const uint64_t width = call.operand("output").shape[1];
  uint64_t rows = width;
  if (activation == "swiglu") {
    const bool isGiven = call.has("swiglu_block");
    if (!isGiven || call.integer("swiglu_block") < 1 || call.integer("swiglu_block") > INT32_MAX) {
      return "activation 'swiglu' requires attribute 'swiglu_block' from 1 to " + std::to_string(INT32_MAX);
    }
    const auto block = static_cast<uint64_t>(call.integer("swiglu_block"));
    rows = (width + block - 1) / block * block * 2;
  } else if (activation != "none") {
    return "unknown activation '" + std::string(activation) + "'";
  }
  if (call.operand("weight").shape[0] != rows) {
    return "operand 'weight': expected " + std::to_string(rows) + " rows, got " +
           std::to_string(call.operand("weight").shape[0]);
  }
  if (std::string wrong = checkLinear(call); !wrong.empty()) {
    return wrong;
  }
  const bool hasEpsilon = call.has("epsilon");
  return call.optionalOperand("norm_weight") && !hasEpsilon
             ? "operand 'norm_weight' requires attribute 'epsilon'"
             : "";
}

} // namespace cria::reference
