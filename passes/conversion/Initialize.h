// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The entry point `initialize`, which fills the weights that have no data in the package.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// Adds the entry point if the recipe of a weight of the program contains #llama.random or #llama.ones, with
/// one dispatch for each source tensor. Fails, with a diagnostic, for recipes whose rows no RandomSegment
/// describes.
llvm::LogicalResult emitInitialize(const Target &target, ProgramBuilder &program);

} // namespace cria
