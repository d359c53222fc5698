// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linear: y = W·x with W row-major [N, K]. fused_linear: an optional norm before it, SwiGLU and a residual
// after it.
#include "Elementwise.h"
#include "Norm.h"
#include "Weight.h"

#include <algorithm>

namespace cria::reference {
namespace {

/// The class that the call states.
ActivationClass activationsOf(const OpCall &call) {
  return call.has("activations") ? *parseActivationClass(call.text("activations")) : ActivationClass::f32;
}

using Values = std::span<const float>;

/// The product of rows of values in a class.
float (*productOf(ActivationClass activations))(Values, Values) {
  switch (activations) {
  case ActivationClass::bf16:
    return productBf16;
  case ActivationClass::f32:
  case ActivationClass::f16:  // not in the opset
  case ActivationClass::int8: // of codes
    break;
  }
  return productF32;
}

/// The products of a weight with the inputs of all tokens, so that a row of the weight is decoded once.
class Products {
public:
  explicit Products(const OpCall &call) : weight_(call, "weight"), class_(activationsOf(call)) {}

  /// Adds the input of the next token.
  void add(std::vector<float> input) {
    columns_ = input.size();
    switch (class_) {
    case ActivationClass::int8:
      packed_.push_back(packInt8(input, int8EncodingFor(weight_.format())));
      return;
    case ActivationClass::bf16:
      std::ranges::transform(input, input.begin(), roundToBf16);
      break;
    case ActivationClass::f32:
    case ActivationClass::f16: // not in the opset
      break;
    }
    inputs_.push_back(std::move(input));
  }

  /// The outputs of all tokens for one row of the weight.
  std::vector<float> of(uint64_t row) const {
    std::vector<float> outputs;
    if (class_ == ActivationClass::int8) {
      const CodedRow codes = weight_.loadCodes(row, columns_);
      for (const Int8Row &input : packed_) {
        outputs.push_back(productInt8(input, codes));
      }
      return outputs;
    }
    const std::vector<float> values = weight_.loadRow(row, columns_);
    const auto product = productOf(class_);
    for (const std::vector<float> &input : inputs_) {
      outputs.push_back(product(input, values));
    }
    return outputs;
  }

private:
  Weight weight_;
  ActivationClass class_;
  uint64_t columns_ = 0;
  std::vector<std::vector<float>> inputs_; // of classes f32 and bf16
  std::vector<Int8Row> packed_;            // of class int8
};

/// Gate and up rows are interleaved in blocks: gate row j is row (j / block)·2·block + j mod block of the
/// weight, and up row j follows `block` rows later.
std::vector<float> swigluOf(const Products &products, uint64_t j, uint64_t block) {
  const uint64_t gateRow = j / block * 2 * block + j % block;
  std::vector<float> outputs = products.of(gateRow);
  const std::vector<float> up = products.of(gateRow + block);
  for (uint64_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = silu(outputs[i]) * up[i];
  }
  return outputs;
}

} // namespace

void runLinear(const OpCall &call) {
  const Tensor &output = call.operand("output");
  Products products(call);
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    products.add(loadRow(call.operand("input"), row));
  }
  for (uint64_t n = 0; n < output.shape[1]; ++n) {
    const std::vector<float> outputs = products.of(n);
    for (uint64_t row = 0; row < outputs.size(); ++row) {
      output.store(row, n, outputs[row]);
    }
  }
}

std::string checkLinear(const OpCall &call) {
  if (std::string wrong = checkWeight(call, "weight", call.operand("input").shape[1]); !wrong.empty()) {
    return wrong;
  }
  const WeightFormatTraits &format = Weight(call, "weight").format();
  return multiplies(activationsOf(call), format)
             ? ""
             : "activations '" + std::string(call.text("activations")) +
                   "' do not multiply weights in format '" + std::string(format.name) + "'";
}

void runFusedLinear(const OpCall &call) {
  const Tensor &input = call.operand("input");
  const Tensor &output = call.operand("output");
  const std::optional<Tensor> norm = call.optionalOperand("norm_weight");
  const std::optional<Tensor> residual = call.optionalOperand("residual");
  const bool swiglu = call.text("activation") == "swiglu";
  const uint64_t block = swiglu ? static_cast<uint64_t>(call.integer("swiglu_block")) : 0;
  Products products(call);
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    products.add(norm ? rmsNormRow(input, row, *norm, call.number("epsilon")) : loadRow(input, row));
  }
  for (uint64_t n = 0; n < output.shape[1]; ++n) {
    const std::vector<float> outputs = swiglu ? swigluOf(products, n, block) : products.of(n);
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
