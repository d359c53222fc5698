// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar functions that several ops share.
#pragma once

#include <cmath>

namespace cria::reference {

/// x · sigmoid(x) = x / (1 + e^-x)
inline float silu(float x) { return x / (1.0f + std::exp(-x)); }

} // namespace cria::reference
