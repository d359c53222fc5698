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
          .stride = word(4)};
}

void runFillRandom(const OpCall &call) {
  const Weight weight(call, "weight");
  const RandomSegment segment = segmentOf(call.operand("constants"));
  const uint64_t columns = call.operand("weight").shape[1];
  const float scale = randomScale(columns);
  for (uint32_t row = 0; row < segment.rows; ++row) {
    const uint32_t rowKey = randomRowKey(segment.tensorKey, row);
    const uint64_t destination = segment.destinationRow(row);
    for (uint64_t column = 0; column < columns && destination < weight.rows(); ++column) {
      weight.store(destination, column, randomByte(rowKey, static_cast<uint32_t>(column)), scale);
    }
  }
}

std::string checkFillRandom(const OpCall &call) {
  return call.operand("constants").shape[0] >= 5 ? checkStoredWeight(call, "weight")
                                                 : "operand 'constants': expected at least 5 words";
}

void runFillOnes(const OpCall &call) {
  const Tensor &weight = call.operand("weight");
  for (uint64_t i = 0; i < weight.shape[0]; ++i) {
    weight.storeAt(i * weight.strides[0], 1.0f);
  }
}

} // namespace cria::reference
