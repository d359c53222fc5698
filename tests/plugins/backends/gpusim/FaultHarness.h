// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a kernel with a planted fault on two small buffers.
#pragma once

#include "tests/plugins/backends/gpusim/SimHarness.h"

namespace cria::gpusim {

/// Runs the body with 64 threads a block and 1 KiB of shared memory on two buffers of 64 floats: p0 is only
/// read and holds values, p1 is written and holds none. Returns the finding.
std::string runBody(const std::string &body, uint32_t blocks = 1, const Options &options = {});

/// Addresses: %in and %out are the thread's elements of p0 and p1, %own its element of shared memory, %other
/// that of the same lane in the other warp, %lane that of the neighbour in the warp.
std::string elements();

} // namespace cria::gpusim
