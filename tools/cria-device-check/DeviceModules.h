// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modules of the cases for devices without their steps, for executables that only compile them.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::conformance {

struct DeviceModule {
  std::string name; // valid as a file name
  std::string module;
  CaseLimits limits;
};

std::vector<DeviceModule> deviceModules();

/// Fused linear layers with weights of every format with codes, as wide as in a model of 7B.
std::vector<DeviceModule> codedModules();

/// The cases at the shapes of real models (RealCases.h), or at sizes for a rehearsal in the simulator.
enum class RealSet { real, rehearsal };
std::vector<DeviceModule> realModules(RealSet set);

} // namespace cria::conformance
