// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks of a recorded entry, which refuse what a driver would refuse.
#pragma once

#include "plugins/backends/gpusim/GpuSim.h"
#include "plugins/backends/gpusim/ShadowBuffers.h"

namespace cria::gpusim {

/// The limits of a device that code is compiled for.
struct Architecture {
  std::string_view name;
  uint64_t maxSharedBytes; // per block
};

/// Returns null for an unknown device.
const Architecture *findArchitecture(std::string_view name);

using plugin::Check;

/// Checks grid, block and shared memory of a launch.
Check checkLaunch(const cria_entry &entry, const KernelInfo &kernel, const Architecture &architecture);

} // namespace cria::gpusim
