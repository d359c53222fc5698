// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses RMSNorm into its consuming linears: the normalized rows are then never stored.

#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSENORMPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

/// Whether the norm can be fused into `user`.
static bool canTake(OpOperand &use) {
  std::optional<LinearParts> linear = LinearParts::of(use.getOwner());
  return linear && !linear->normWeight && linear->input == use.get() && linear->residual != use.get();
}

static FusionOutcome fuseNorm(RmsNormOp norm, RewriterBase &rewriter) {
  if (norm->use_empty()) {
    return FusionOutcome::unrelated;
  }
  if (!llvm::all_of(norm->getUses(), canTake)) {
    return reject(rewriter, norm, "a user is not a linear without a norm");
  }
  for (Operation *user : llvm::make_early_inc_range(norm->getUsers())) {
    LinearParts parts = *LinearParts::of(user);
    parts.input = norm.getInput();
    parts.normWeight = norm.getWeight();
    parts.epsilon = norm.getEpsilonAttr();
    rewriter.setInsertionPoint(user);
    Location loc = rewriter.getFusedLoc({norm.getLoc(), user->getLoc()});
    rewriter.replaceOp(user, parts.create(rewriter, loc, user->getResult(0).getType()));
  }
  rewriter.eraseOp(norm);
  return FusionOutcome::fused;
}

namespace {
struct FuseNormPass : cria::impl::FuseNormPassBase<FuseNormPass> {
  void runOnOperation() override {
    fuseEach<RmsNormOp>(getArgument(), getOperation(), fuseNorm, numFused, numRejected);
  }
};
} // namespace
