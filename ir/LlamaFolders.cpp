// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders of the llama ops.

#include "ir/LlamaOps.h"

using namespace mlir;
using namespace cria::llama;

/// A split into one slice is the input.
LogicalResult SplitOp::fold(FoldAdaptor adaptor, SmallVectorImpl<OpFoldResult> &results) {
  if (getSizes().size() != 1) {
    return failure();
  }
  results.push_back(getInput());
  return success();
}
