// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler as a library: from a checkpoint or a preset to a package. Plain C++; link CriaDriver with
// $<LINK_ONLY:...> to keep MLIR's compiler flags out of the caller.
#pragma once

#include "passes/driver/CompileJob.h"

namespace cria {

struct CompileResult {
  /// Names of the compiled targets.
  std::vector<std::string> targets;
  /// The text of the stage; empty for a package.
  std::string text;
};

/// Runs `job` up to its stage. A package is complete at `job.output` when this returns; after an error,
/// nothing of it is left and an older package is unchanged.
/// Errors: what is wrong with the checkpoint, the options or the files; cancelled; internal when a pass fails
/// (the message holds its diagnostics).
/// Thread-safe; each call has a context of its own.
StatusOr<CompileResult> compile(const CompileJob &job, CompileObserver &observer);

} // namespace cria
