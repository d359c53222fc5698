// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decomposes fused ops, for targets and row counts where a fused part has no kernel or is slower, and for
// tests: the decomposition defines the semantics of a fused op.

#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace cria {
#define GEN_PASS_DEF_DECOMPOSEFUSEDOPSPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria::llama;

bool llvm::cl::parser<FusedPart>::parse(Option &option, StringRef, StringRef text, FusedPart &part) {
  std::optional<FusedPart> known = symbolizeFusedPart(text);
  if (!known) {
    return option.error("expected parts residual, activation, norm or rope_attention, got " + text);
  }
  part = *known;
  return false;
}

namespace {
struct DecomposeFusedOpsPass : cria::impl::DecomposeFusedOpsPassBase<DecomposeFusedOpsPass> {
  using DecomposeFusedOpsPassBase::DecomposeFusedOpsPassBase;

  LogicalResult initialize(MLIRContext *) override {
    selected_ = parts.empty() ? FusedPart::all : FusedPart::none;
    for (FusedPart part : parts) {
      selected_ = selected_ | part;
    }
    return success();
  }

  void runOnOperation() override {
    SmallVector<DecomposableOpInterface> ops;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (functions.empty() || llvm::is_contained(functions, function.getName())) {
        function.walk([&](DecomposableOpInterface op) { ops.push_back(op); });
      }
    }
    IRRewriter rewriter(&getContext());
    for (DecomposableOpInterface op : ops) {
      numDecomposed += succeeded(decompose(op, rewriter));
    }
  }

private:
  FusedPart selected_ = FusedPart::all;

  // All selected parts, except the activation if the op's weight does not interleave gate and up.
  LogicalResult decompose(DecomposableOpInterface op, RewriterBase &rewriter) {
    if (succeeded(op.decompose(rewriter, selected_))) {
      return success();
    }
    return op.decompose(rewriter, selected_ & ~FusedPart::activation);
  }
};
} // namespace
