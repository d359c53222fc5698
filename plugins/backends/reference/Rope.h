// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE of one row, shared by rope and rope_attention.
#pragma once

#include "Tensor.h"

#include <vector>

namespace cria::reference {

/// Rotates the pairs (i, i + head_dim/2) of each head by the angles of `position`. table: f32 [context,
/// head_dim], cosines, then sines. row: f32 [heads · head_dim].
std::vector<float> ropeRow(const Tensor &input, uint64_t row, int32_t position, const Tensor &table,
                           uint64_t headDim);

} // namespace cria::reference
