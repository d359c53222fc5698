// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The assembler of the CUDA Toolkit, where it is installed: from PTX to a cubin, and what its kernels use.
#pragma once

#include "passes/targets/Target.h"
#include "passes/targets/cuda/Sm.h"

namespace cria::cuda {

/// The path of ptxas: the environment variable CRIA_PTXAS, else the search path, else the folder of the
/// toolkit ($CUDA_HOME, $CUDA_PATH, /usr/local/cuda). Empty: there is none.
std::string findPtxas();

/// Assembles PTX. Errors, as diagnostics on `origin`: ptxas is missing, or refuses with what it says.
mlir::FailureOr<TargetCode> assemble(mlir::ModuleOp origin, llvm::StringRef ptx, const Sm &sm);

/// Reads what `ptxas -v` reports. For tests.
std::vector<KernelResources> parseKernelResources(llvm::StringRef report);

} // namespace cria::cuda
