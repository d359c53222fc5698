// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE of one row, shared by rope and rope_attention.
#pragma once

#include "Tensor.h"

#include <vector>

namespace cria::reference {

/// Rotates each head's halves (i, i + head_dim/2) by the angles of `position`. table: [context, head_dim]
/// f32, cosines then sines. row: heads · head_dim values.
std::vector<float> ropeRow(const Tensor &input, uint64_t row, int32_t position, const Tensor &table,
                           uint64_t headDim);

} // namespace cria::reference
