// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs ptxas, the assembler of the CUDA Toolkit: from PTX to a cubin, and the resources of its kernels.
#pragma once

#include "passes/targets/Target.h"
#include "passes/targets/cuda/Sm.h"

namespace cria::cuda {

/// The path of ptxas: the environment variable CRIA_PTXAS, else the search path, else the folder of the
/// toolkit ($CUDA_HOME, $CUDA_PATH, /usr/local/cuda). Empty if there is none.
std::string findPtxas();

/// Assembles PTX. Errors, as diagnostics on `origin`: ptxas is not found, or rejects the PTX, with its
/// message, or writes a cubin for drivers that driverWord() does not know.
mlir::FailureOr<TargetCode> assemble(mlir::ModuleOp origin, llvm::StringRef ptx, const Sm &sm);

/// The feature word that names the first CUDA generation whose drivers load a cubin, "cuda11" or "cuda13".
/// Empty if the ELF ABI version of the cubin is not a known one.
llvm::StringRef driverWord(llvm::StringRef cubin);

/// Parses the report of `ptxas -v`. Public for tests.
std::vector<KernelResources> parseKernelResources(llvm::StringRef report);

} // namespace cria::cuda
