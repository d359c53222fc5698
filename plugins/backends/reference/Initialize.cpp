// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fills weights whose recipe is random(seed) or ones. format/RandomWeights.h has the hash function.
#include "Weight.h"

#include "format/RandomWeights.h"

#include <algorithm>

namespace cria::reference {
static RandomSegment segmentOf(const Tensor &constants) {
  const auto word = [&](uint64_t i) { return static_cast<uint32_t>(constants.loadInt(i)); };
  return {.tensorKey = word(0),
          .rows = word(1),
          .firstRow = word(2),
          .block = std::max(1u, word(3)),
          .stride = word(4),
          .columns = constants.shape[0] > 5 ? word(5) : 0,
          .reserved = {}};
}

static void fillDense(const Weight &weight, uint64_t destination, uint32_t rowKey, uint64_t columns) {
  const float scale = randomScale(columns);
  for (uint64_t column = 0; column < columns; ++column) {
    const int8_t code = randomByte(rowKey, static_cast<uint32_t>(column));
    weight.store(destination, column, static_cast<float>(code) * scale);
  }
}

static void fillCodes(const Weight &weight, uint64_t destination, uint32_t rowKey, uint64_t columns) {
  weight.storeTerms(destination, columns, randomTerms(weight.format(), columns));
  for (uint64_t column = 0; column < columns; ++column) {
    const uint32_t code = randomCode(rowKey, static_cast<uint32_t>(column), weight.format().bits);
    weight.storeCode(destination, column, code);
  }
}

/// Whether the size of the codes does not tell the number of columns.
static bool isPacked(const OpCall &call) {
  const auto format = call.has("format") ? findWeightFormat(call.text("format")) : std::nullopt;
  return format && !hasSignedCodes(traitsOf(*format));
}

static uint64_t randomColumns(const OpCall &call) {
  return isPacked(call) ? segmentOf(call.operand("constants")).columns : call.operand("weight").shape[1];
}

void runFillRandom(const OpCall &call) {
  const Weight weight(call, "weight");
  const RandomSegment segment = segmentOf(call.operand("constants"));
  const bool hasCodes = !isDense(weight.format());
  const uint64_t columns = randomColumns(call);
  for (uint32_t row = 0; row < segment.rows; ++row) {
    const uint64_t destination = segment.destinationRow(row);
    if (destination < weight.rows()) {
      (hasCodes ? fillCodes : fillDense)(weight, destination, randomRowKey(segment.tensorKey, row), columns);
    }
  }
}

std::string checkFillRandom(const OpCall &call) {
  const uint64_t words = isPacked(call) ? 6 : 5;
  if (call.operand("constants").shape[0] < words) {
    return "operand 'constants': expected at least " + std::to_string(words) + " words";
  }
  return isPacked(call) ? "" : checkWeight(call, "weight", randomColumns(call));
}

std::string checkRandomColumns(const OpCall &call) {
  const std::string wrong = checkWeight(call, "weight", randomColumns(call));
  return wrong.empty() ? "" : "with the columns of operand 'constants': " + wrong;
}

void runFillOnes(const OpCall &call) {
  const Tensor &weight = call.operand("weight");
  for (uint64_t i = 0; i < weight.shape[0]; ++i) {
    weight.storeAt(i * weight.strides[0], 1.0f);
  }
}

} // namespace cria::reference
