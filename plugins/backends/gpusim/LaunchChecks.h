// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a driver would refuse: the checks of a recorded entry before it runs.
#pragma once

#include "plugins/backends/gpusim/GpuSim.h"
#include "plugins/backends/gpusim/ShadowBuffers.h"

namespace cria::gpusim {

/// What differs between the devices that code is made for.
struct Architecture {
  std::string_view name;
  uint64_t maxSharedBytes; // per block
};

/// Null for one that the simulator does not know.
const Architecture *findArchitecture(std::string_view name);

using plugin::Check;

/// Grid, block and shared memory of a launch.
Check checkLaunch(const cria_entry &entry, const KernelInfo &kernel, const Architecture &architecture);

} // namespace cria::gpusim
