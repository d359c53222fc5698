// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise ops, and ops that copy rows.
#include "Elementwise.h"
#include "Weight.h"

namespace cria::reference {
namespace {

template <typename Function> void forEachElement(const Tensor &output, Function function) {
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    for (uint64_t column = 0; column < output.shape[1]; ++column) {
      output.store(row, column, function(row, column));
    }
  }
}

/// output[i] = source[rows[i]]; zeros if rows[i] is out of range (padding rows).
template <typename Source>
void copyRows(const Source &source, uint64_t numRows, const Tensor &rows, const Tensor &output) {
  forEachElement(output, [&](uint64_t i, uint64_t column) {
    const int32_t row = rows.loadInt(i);
    const bool inside = row >= 0 && static_cast<uint64_t>(row) < numRows;
    return inside ? source.load(static_cast<uint64_t>(row), column) : 0.0f;
  });
}

} // namespace

void runEmbedding(const OpCall &call) {
  const Weight table(call, "table");
  copyRows(table, table.rows(), call.operand("tokens"), call.operand("output"));
}

std::string checkEmbedding(const OpCall &call) {
  return checkWeight(call, "table", call.operand("output").shape[1]);
}

void runGatherRows(const OpCall &call) {
  const Tensor input = call.operand("input");
  copyRows(input, input.shape[0], call.operand("rows"), call.operand("output"));
}

void runSilu(const OpCall &call) {
  const Tensor &input = call.operand("input");
  forEachElement(call.operand("output"), [&](uint64_t i, uint64_t j) { return silu(input.load(i, j)); });
}

void runMul(const OpCall &call) {
  const Tensor &lhs = call.operand("lhs");
  const Tensor &rhs = call.operand("rhs");
  forEachElement(call.operand("output"),
                 [&](uint64_t i, uint64_t j) { return lhs.load(i, j) * rhs.load(i, j); });
}

void runAdd(const OpCall &call) {
  const Tensor &lhs = call.operand("lhs");
  const Tensor &rhs = call.operand("rhs");
  forEachElement(call.operand("output"),
                 [&](uint64_t i, uint64_t j) { return lhs.load(i, j) + rhs.load(i, j); });
}

} // namespace cria::reference
