// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMSNorm (Zhang and Sennrich 2019), in f32: epsilon is added to the mean, inside the root; the row is
// normalized, then multiplied by the weight.
#include "Norm.h"
#include "OpTable.h"

#include <cmath>

namespace cria::reference {

std::vector<float> rmsNormRow(const Tensor &input, uint64_t row, const Tensor &weight, float epsilon) {
  const uint64_t width = input.shape[1];
  float sum = 0.0f;
  for (uint64_t k = 0; k < width; ++k) {
    const float x = input.load(row, k);
    sum += x * x;
  }
  const float scale = 1.0f / std::sqrt(sum / static_cast<float>(width) + epsilon);
  std::vector<float> result(width);
  for (uint64_t k = 0; k < width; ++k) {
    result[k] = input.load(row, k) * scale * weight.load(k);
  }
  return result;
}

void runRmsNorm(const OpCall &call) {
  const Tensor &input = call.operand("input");
  const Tensor &output = call.operand("output");
  for (uint64_t row = 0; row < output.shape[0]; ++row) {
    const std::vector<float> normalized =
        rmsNormRow(input, row, call.operand("weight"), call.number("epsilon"));
    for (uint64_t k = 0; k < normalized.size(); ++k) {
      output.store(row, k, normalized[k]);
    }
  }
}

} // namespace cria::reference
