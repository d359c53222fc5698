// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMSNorm of one row, shared by rms_norm and fused_linear.
#pragma once

#include "Tensor.h"

#include <vector>

namespace cria::reference {

/// x / sqrt(mean(x²) + epsilon) · weight, in f32. weight: [K].
std::vector<float> rmsNormRow(const Tensor &input, uint64_t row, const Tensor &weight, float epsilon);

} // namespace cria::reference
