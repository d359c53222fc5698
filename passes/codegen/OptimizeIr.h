// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What happens to the LLVM IR of kernels on every target: the same optimization, then code generation.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Target/TargetMachine.h"

#include <string>

namespace cria {

/// Runs LLVM's O2 without vectorizers and unrolling: kernels bring their own.
void optimizeIr(llvm::Module &module, llvm::TargetMachine &machine);
std::string printIr(llvm::Module &module);
/// Assembly or an object. Errors are diagnostics on `origin`.
mlir::FailureOr<std::string> generateCode(mlir::ModuleOp origin, llvm::Module &module,
                                          llvm::TargetMachine &machine, llvm::CodeGenFileType type);

} // namespace cria
