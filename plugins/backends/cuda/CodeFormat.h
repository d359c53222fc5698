// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which compiled code a card and its driver run.
#pragma once

#include "Devices.h"

#include "plugins/sdk/cria_backend.hpp"

namespace cria::cuda {

using plugin::Fit;

/// Judges format, features and kernel ABI. "nv.ptx" with features "sm_80 ptx70" scores 100; "nv.cubin.sm_86"
/// scores 200 and its minor compute capability, so that the closest code wins. The reason for 0 names the remedy.
Fit fitOf(const cria_executable_info &info, const DeviceFacts &device, int driverVersion);

/// Ten times the newest PTX ISA version that a driver of this CUDA version understands, e.g. 84 for 12040.
int newestPtx(int driverVersion);

inline bool isPtx(const cria_executable_info &info) { return plugin::view(info.format) == "nv.ptx"; }

} // namespace cria::cuda
