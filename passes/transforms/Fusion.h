// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the fusion passes share: the walk over candidates with its counters and remarks, weights made of other
// weights, and linears in both forms.
#pragma once

#include "ir/LlamaOps.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace cria {

/// What became of an op that a fusion looked at.
enum class FusionOutcome {
  unrelated, ///< Not what the fusion is about.
  rejected,  ///< A candidate that can't be fused; nothing changed.
  fused,     ///< Replaced.
};

/// Category of the remarks that fusions make: the counts of each pass, and each rejection with its reason.
inline constexpr llvm::StringLiteral kFusionRemarks = "fusion";

/// Rejects `op` with a remark that gives the reason.
FusionOutcome reject(mlir::RewriterBase &rewriter, mlir::Operation *op, const llvm::Twine &reason);

/// A remark on what a pass did, if it did or rejected anything. Statistics say the same where LLVM is built
/// with them.
void remarkCounts(mlir::ModuleOp module, llvm::StringRef pass, int64_t numFused, int64_t numRejected);

/// Offers every op of one kind in `module`, in order, to `fuse(op, rewriter)`, and counts. `fuse` may erase
/// ops before its own, never another candidate. `pass` is the argument of the pass, for the remark.
template <typename Op, typename Fuse>
void fuseEach(llvm::StringRef pass, mlir::ModuleOp module, Fuse fuse, mlir::Pass::Statistic &numFused,
              mlir::Pass::Statistic &numRejected) {
  llvm::SmallVector<Op> candidates;
  module.walk([&](Op op) { candidates.push_back(op); });
  mlir::IRRewriter rewriter(module.getContext());
  int64_t fused = 0, rejected = 0;
  for (Op op : candidates) {
    FusionOutcome outcome = fuse(op, rewriter);
    fused += outcome == FusionOutcome::fused;
    rejected += outcome == FusionOutcome::rejected;
  }
  numFused += fused;
  numRejected += rejected;
  remarkCounts(module, pass, fused, rejected);
}

/// The `llama.weight` a value stands for, or null if it comes from elsewhere.
llama::WeightOp weightOf(mlir::Value value);

/// A use, at the rewriter's insertion point, of the weight that `recipe` makes: one the module has with that
/// recipe and type, or a new one in front of `first`, named after the folder of its name (`layers.0.q` and
/// `qkv` make `layers.0.qkv`). Erases nothing.
mlir::Value useFusedWeight(mlir::RewriterBase &rewriter, mlir::Location loc, llama::WeightOp first,
                           llvm::StringRef name, llama::WeightType type, mlir::Attribute recipe);

/// Whether weights can be joined: all from a `llama.weight`, of one element type, layout and number of
/// columns.
bool canJoinWeights(mlir::ValueRange weights);

/// A linear, fused or not, as a fused one without changing it: what the passes that add a part start from.
struct LinearParts {
  mlir::Value input, weight, normWeight, residual;
  mlir::FloatAttr epsilon;
  llama::Activation activation = llama::Activation::none;
  mlir::IntegerAttr swigluBlock;

  /// The parts of a `llama.linear` or `llama.fused_linear`; nothing for any other op.
  static std::optional<LinearParts> of(mlir::Operation *op);

  /// The op with these parts.
  llama::FusedLinearOp create(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type) const;
};

} // namespace cria
