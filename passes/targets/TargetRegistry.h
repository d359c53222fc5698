// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The built-in targets, by name.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// The target with this full name ("ops", "cpu-x86-64-v4"), or null if there is none.
std::unique_ptr<Target> createTarget(llvm::StringRef name);

/// Full names of all built-in targets, in the order in which help lists them.
llvm::SmallVector<std::string> targetNames();

/// Registers the dialects of the built-in targets' kernels, in addition to those that every kernel uses.
void registerKernelDialects(mlir::DialectRegistry &registry);

} // namespace cria
