// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts that the fusion passes share: the walk over candidates with its counters and remarks, weights
// derived from other weights, and linears, fused or not, as one struct.
#pragma once

#include "ir/LlamaOps.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace cria {

/// The outcome for one op that a fusion pass visited.
enum class FusionOutcome {
  unrelated, ///< Not what the fusion is about.
  rejected,  ///< A candidate that cannot be fused; nothing changed.
  fused,     ///< Replaced.
};

/// The category of the remarks of fusion passes: the counts of each pass, and the reason of each rejection.
inline constexpr llvm::StringLiteral kFusionRemarks = "fusion";

/// Rejects `op`, and emits a remark with the reason.
FusionOutcome reject(mlir::RewriterBase &rewriter, mlir::Operation *op, const llvm::Twine &reason);

/// Emits a remark with the counts of a pass unless both are 0. Statistics have the same counts if LLVM was
/// built with statistics.
void remarkCounts(mlir::ModuleOp module, llvm::StringRef pass, int64_t numFused, int64_t numRejected);

/// Calls `fuse(op, rewriter)` for every op of one kind in `module`, in order, and counts the outcomes. `fuse`
/// may erase ops before `op`, but not another candidate. `pass` is the argument of the pass, for the remark.
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

/// The `llama.weight` that a value is a use of, or null if the value is not the result of a
/// `llama.use_weight`.
llama::WeightOp weightOf(mlir::Value value);

/// Creates, at the rewriter's insertion point, a use of a weight with this recipe and type: an existing one
/// of the module, or a new one before `first`, whose name has the prefix of `first` (`layers.0.q` and `qkv`
/// give `layers.0.qkv`). Erases nothing.
mlir::Value useFusedWeight(mlir::RewriterBase &rewriter, mlir::Location loc, llama::WeightOp first,
                           llvm::StringRef name, llama::WeightType type, mlir::Attribute recipe);

/// Whether the rows of the weights can be combined: each weight is a `llama.weight`, and all have the same
/// element type, layout and number of columns.
bool canJoinWeights(mlir::ValueRange weights);

/// The operands and attributes of a linear, fused or not, to which a pass adds a part.
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
