// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Optimization and code generation for the LLVM IR of kernels, the same for every target with code.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Target/TargetMachine.h"

#include <string>

namespace cria {

/// Runs LLVM's O2 without vectorizers and unrolling, because kernels are already vectorized and unrolled.
void optimizeIr(llvm::Module &module, llvm::TargetMachine &machine);
std::string printIr(llvm::Module &module);
/// Assembly or an object. Errors are diagnostics on `origin`.
mlir::FailureOr<std::string> generateCode(mlir::ModuleOp origin, llvm::Module &module,
                                          llvm::TargetMachine &machine, llvm::CodeGenFileType type);

} // namespace cria
