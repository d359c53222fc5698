// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns a module for NVPTX into one for the host that calls the simulator: before each load and store, and
// instead of each intrinsic.
#pragma once

#include "GpuSim.h"
#include "Thread.h"

#include "llvm/IR/Module.h"

namespace cria::gpusim {

/// What the transformed module needs from the host, and what it is.
struct Instrumented {
  std::vector<KernelInfo> kernels;
  std::vector<std::unique_ptr<Site>> sites; ///< named by address in the code
};

/// The function of kernel `name` in the transformed module, a KernelFunction.
std::string entryName(llvm::StringRef kernel);

/// Changes `module` in place. False: `error` says which construct of which kernel is not known.
bool instrument(llvm::Module &module, Instrumented &out, std::string &error);

} // namespace cria::gpusim
