// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a driver would refuse: the checks of a recorded entry before it runs.
#pragma once

#include "ShadowBuffers.h"
#include "tests/gpusim/GpuSim.h"

namespace cria::gpusim {

/// What differs between the devices that code is made for.
struct Architecture {
  std::string_view name;
  uint64_t maxSharedBytes; // per block
};

/// Null for one that the simulator does not know.
const Architecture *findArchitecture(std::string_view name);

/// The answer of a check; CRIA_STATUS_OK with no text when it holds.
struct Check {
  cria_status status = CRIA_STATUS_OK;
  std::string text;
  bool failed() const { return status != CRIA_STATUS_OK; }
};

Check refuse(std::string text);

/// Grid, block and shared memory of a launch.
Check checkLaunch(const cria_entry &entry, const KernelInfo &kernel, const Architecture &architecture);

/// That the operand's window lies in its buffer, is aligned, and may be accessed as it says.
Check checkOperand(const cria_operand &operand, uint32_t index, uint64_t alignment);

} // namespace cria::gpusim
