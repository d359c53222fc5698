// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks a whole program: what docs/package-format.md demands beyond what each op checks of itself. The
// loader of packages checks the same on the JSON.
#pragma once

#include "ir/ProgramOps.h"

namespace cria::program {

/// Verifies a program whose memory is planned. Emits a diagnostic at the op that is wrong:
///   - the module states target, limits and KV pages, and has one step and one result buffer;
///   - every kernel, buffer and symbol that is named exists, arena buffers have offsets;
///   - every window lies inside its buffer and every element inside its window; offsets are aligned;
///   - nothing but `initialize` writes weights, and nothing writes the step or constants;
///   - within a dispatch, no written binding overlaps another one, unless the dispatch is in place on one
///   window;
///   - nothing reads bytes of an arena or result buffer that were not written before in the same entry; every
///   entry but
///     `initialize` writes the result, and `initialize` writes every initialized weight;
///   - arena buffers that are alive at the same time within an entry do not overlap.
llvm::LogicalResult verifyProgram(mlir::ModuleOp module);

} // namespace cria::program
