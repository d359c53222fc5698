// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary position embedding (Su et al. 2021). The dimensions i and i + head_dim/2 of a head form a pair.
#include "Rope.h"
#include "OpTable.h"

namespace cria::reference {

std::vector<float> ropeRow(const Tensor &input, uint64_t row, int32_t position, const Tensor &table,
                           uint64_t headDim) {
  std::vector<float> result(input.shape[1]);
  const uint64_t half = headDim / 2;
  const auto angles = static_cast<uint64_t>(position);
  for (uint64_t head = 0; head < result.size(); head += headDim) {
    for (uint64_t i = 0; i < half; ++i) {
      const float cosine = table.load(angles, i);
      const float sine = table.load(angles, half + i);
      const float first = input.load(row, head + i);
      const float second = input.load(row, head + half + i);
      result[head + i] = first * cosine - second * sine;
      result[head + half + i] = second * cosine + first * sine;
    }
  }
  return result;
}

void runRope(const OpCall &call) {
  const Tensor &output = call.operand("output");
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    const std::vector<float> rotated =
        ropeRow(call.operand("input"), row, call.operand("positions").loadInt(row), call.operand("table"),
                call.operand("table").shape[1]);
    for (uint64_t k = 0; k < rotated.size(); ++k) {
      output.store(row, k, rotated[k]);
    }
  }
}

/// head_dim is an attribute of rope; rope_attention has that of the cache.
std::string checkRope(const OpCall &call) {
  const bool alone = call.optionalOperand("input").has_value();
  const int64_t stated =
      alone ? call.integer("head_dim") : static_cast<int64_t>(call.operand("cache").shape[4]);
  const uint64_t headDim = call.operand("table").shape[1];
  const uint64_t columns = call.operand(alone ? "input" : "query").shape[1];
  if (headDim == 0 || headDim % 2 != 0 || columns % headDim != 0 || stated != static_cast<int64_t>(headDim)) {
    return "head_dim " + std::to_string(stated) + " must be even, divide " + std::to_string(columns) +
           " columns and be the width of operand 'table', " + std::to_string(headDim);
  }
  return "";
}

std::string checkRopeIndices(const OpCall &call) {
  const Tensor &positions = call.operand("positions");
  const uint64_t context = call.operand("table").shape[0];
  for (uint64_t row = 0; row < positions.shape[0]; ++row) {
    const int32_t position = positions.loadInt(row);
    if (position < 0 || static_cast<uint64_t>(position) >= context) {
      return "row " + std::to_string(row) + ": position " + std::to_string(position) + " is outside the " +
             std::to_string(context) + " rows of operand 'table'";
    }
  }
  return "";
}

} // namespace cria::reference
