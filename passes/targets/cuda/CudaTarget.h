// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The targets that share device kernels: PTX, cubin, and bitcode for the simulator.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// cuda-<sm>: a cubin made by ptxas; cuda-<sm>-ptx: PTX, which a driver compiles on loading; gpusim-<sm>: the
/// same device IR as bitcode. Null for an unknown SM.
enum class DeviceFormat { cubin, ptx, simulator };
std::unique_ptr<Target> createCudaTarget(llvm::StringRef sm, DeviceFormat format);

} // namespace cria
