// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constants of the softmax of attention kernels, which runs in base 2 with a running maximum.
#pragma once

namespace cria::cuda {

constexpr double kLog2E = 1.4426950408889634;
constexpr double kLowest = -1e30; ///< below every score; finite, so that differences are not NaN

} // namespace cria::cuda
