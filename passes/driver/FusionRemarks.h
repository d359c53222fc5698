// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reports what each fusion pass did, for CompileJob::reportFusions.
#pragma once

#include "passes/driver/CompileJob.h"

#include "mlir/IR/MLIRContext.h"

namespace cria {

/// From now on, each fusion pass that runs in `context` sends remarks to `observer`: a count such as
/// "llama-fuse-qkv: num-fused 6, num-rejected 0", and one remark with the reason per rejected candidate.
/// `observer` outlives the context.
void reportFusions(mlir::MLIRContext &context, CompileObserver &observer);

} // namespace cria
