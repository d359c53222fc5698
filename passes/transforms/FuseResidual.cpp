// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes the addition of a residual into the linear before it: the sum is then stored at once.

#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSERESIDUALPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

// Whether a value comes from a linear that has no residual yet.
static bool isLinear(Value value) {
  std::optional<LinearParts> linear = LinearParts::of(value.getDefiningOp());
  return linear && !linear->residual;
}

static FusionOutcome fuse(AddOp add, RewriterBase &rewriter) {
  // A linear on the right is preferred, for that's where frontends put it; a sum is the same either way.
  Value linear = isLinear(add.getRhs()) ? add.getRhs() : add.getLhs();
  if (!isLinear(linear)) {
    return FusionOutcome::unrelated;
  }
  if (!linear.hasOneUse() && isLinear(add.getLhs())) {
    linear = add.getLhs();
  }
  if (!linear.hasOneUse()) {
    return reject(rewriter, add, "the linear has another use");
  }
  Operation *op = linear.getDefiningOp();
  LinearParts parts = *LinearParts::of(op);
  parts.residual = linear == add.getRhs() ? add.getLhs() : add.getRhs();
  rewriter.setInsertionPoint(add);
  rewriter.replaceOp(
      add, parts.create(rewriter, rewriter.getFusedLoc({op->getLoc(), add.getLoc()}), add.getType()));
  rewriter.eraseOp(op);
  return FusionOutcome::fused;
}

namespace {
struct FuseResidualPass : cria::impl::FuseResidualPassBase<FuseResidualPass> {
  void runOnOperation() override {
    fuseEach<AddOp>(getArgument(), getOperation(), fuse, numFused, numRejected);
  }
};
} // namespace
