// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the kernels of CeilingKernels.h.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace cria::check {

/// Appends the kernels to a module of kernels. hasProgrammaticLaunch: also those that need sm_90.
void emitCeilingKernels(mlir::ModuleOp kernels, bool hasProgrammaticLaunch);

} // namespace cria::check
