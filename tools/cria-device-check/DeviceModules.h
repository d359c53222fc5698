// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modules of the device cases without their steps, for executables that only compile them.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::conformance {

struct DeviceModule {
  std::string name; // valid as a file name
  std::string module;
  CaseLimits limits;
};

std::vector<DeviceModule> deviceModules();

} // namespace cria::conformance
