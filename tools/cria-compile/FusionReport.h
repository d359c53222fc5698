// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints what each fusion pass did, for --verbose.
#pragma once

#include "mlir/IR/MLIRContext.h"

namespace cria {

/// From now on each fusion pass writes a line like "llama-fuse-qkv: num-fused 6, num-rejected 0" to stderr,
/// and one for each candidate it rejected, with the reason.
void enableFusionReport(mlir::MLIRContext &context);

} // namespace cria
