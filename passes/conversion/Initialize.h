// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The entry `initialize`: fills the weights that hold no data in the package.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

/// Adds the entry when a weight of the program is made of #llama.random or #llama.ones: one dispatch for each
/// source tensor. Fails, with a diagnostic, for recipes whose rows no RandomSegment describes.
llvm::LogicalResult emitInitialize(const Target &target, ProgramBuilder &program);

} // namespace cria
