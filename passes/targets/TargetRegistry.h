// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The targets that are built in, by name.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// A target by its full name ("ops", "cpu-x86-64-v4"), or null when there is none of that name.
std::unique_ptr<Target> createTarget(llvm::StringRef name);

/// Full names of all built-in targets, in the order they are offered.
llvm::SmallVector<std::string> targetNames();

/// What kernels of the built-in targets are written in, beside the dialects that every kernel uses.
void registerKernelDialects(mlir::DialectRegistry &registry);

} // namespace cria
