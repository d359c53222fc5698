// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modules of the device cases alone, for those who compile them and run nothing.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::conformance {

struct DeviceModule {
  std::string name; // as of a file
  std::string module;
  ProgramLimits limits;
};

std::vector<DeviceModule> deviceModules();

} // namespace cria::conformance
