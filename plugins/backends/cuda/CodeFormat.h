// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decides which compiled code a device and its driver run.
#pragma once

#include "Devices.h"

#include "plugins/sdk/cria_backend.hpp"

namespace cria::cuda {

using plugin::CodeScore;

/// Scores code by its format, features and kernel ABI: "nv.ptx" with features "sm_80 ptx70" scores 100;
/// "nv.cubin.sm_86" with features "sm_86 cuda13" scores 200 plus its minor compute capability, so that the
/// closest code is chosen. "cuda13" says that drivers before CUDA 13 do not load it; a cubin without such a
/// word is left to the driver. A score of 0 has a reason with a remedy.
CodeScore scoreCode(const cria_executable_info &info, const DeviceProperties &device, int driverVersion);

/// Returns ten times the newest PTX ISA version that a driver of this CUDA version supports, such as 84 for
/// 12040.
int newestPtx(int driverVersion);

inline bool isPtx(const cria_executable_info &info) { return plugin::view(info.format) == "nv.ptx"; }

} // namespace cria::cuda
