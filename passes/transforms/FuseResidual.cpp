// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses the addition of a residual into the preceding linear, so that only the sum is stored.

#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSERESIDUALPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

/// Whether a value is the result of a linear without a residual.
static bool isLinear(Value value) {
  std::optional<LinearParts> linear = LinearParts::of(value.getDefiningOp());
  return linear && !linear->residual;
}

static FusionOutcome fuseResidual(AddOp add, RewriterBase &rewriter) {
  // A linear on the right is preferred, because frontends put it there; addition is commutative.
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
    fuseEach<AddOp>(getArgument(), getOperation(), fuseResidual, numFused, numRejected);
  }
};
} // namespace
