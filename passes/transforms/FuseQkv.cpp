// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses the Q, K and V projections into one linear, so that the input is read once and one kernel runs
// instead of three.

#include "format/JoinedWeights.h"
#include "ir/LlamaShapes.h"
#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSEQKVPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

namespace {
/// The linears that produce q, k and v; null if a value is not the result of one.
struct Projections {
  LinearOp query, key, value;

  SmallVector<LinearOp> all() const { return {query, key, value}; }
};
} // namespace

/// The linear that produces a value, directly or through a RoPE.
static LinearOp linearBehindRope(Value value) {
  auto rope = value.getDefiningOp<RopeOp>();
  return rope ? rope.getInput().getDefiningOp<LinearOp>() : LinearOp();
}

/// The attention over the cache and layer of `append`, in the same block.
static AttentionOp attentionAfter(KvAppendOp append) {
  for (Operation *user : append.getCache().getUsers()) {
    auto attention = dyn_cast<AttentionOp>(user);
    if (attention && attention.getLayer() == append.getLayer() &&
        attention->getBlock() == append->getBlock() && append->isBeforeInBlock(attention)) {
      return attention;
    }
  }
  return {};
}

static Projections projectionsOf(KvAppendOp append) {
  AttentionOp attention = attentionAfter(append);
  return {attention ? linearBehindRope(attention.getQuery()) : LinearOp(), linearBehindRope(append.getKey()),
          append.getValue().getDefiningOp<LinearOp>()};
}

static Projections projectionsOf(RopeAttentionOp attention) {
  OperandRange values = attention.getProjections();
  return {values[0].getDefiningOp<LinearOp>(), values[1].getDefiningOp<LinearOp>(),
          values[2].getDefiningOp<LinearOp>()};
}

static LinearOp firstInBlock(ArrayRef<LinearOp> linears) {
  return *llvm::min_element(linears,
                            [](LinearOp first, LinearOp second) { return first->isBeforeInBlock(second); });
}

/// Replaces the three linears by one linear and a split.
static FusionOutcome fuseProjections(Operation *root, const Projections &projections,
                                     RewriterBase &rewriter) {
  SmallVector<LinearOp> linears = projections.all();
  if (!llvm::all_of(linears, [](LinearOp linear) { return bool(linear); })) {
    return reject(rewriter, root, "q, k and v are not all linears");
  }
  if (linears[0] == linears[1] || linears[1] == linears[2] || linears[0] == linears[2]) {
    return reject(rewriter, root, "q, k and v are not three linears");
  }
  SmallVector<Value> weights;
  SmallVector<Attribute> recipes;
  SmallVector<int64_t> sizes;
  for (LinearOp linear : linears) {
    if (linear.getInput() != linears[0].getInput() || linear->getBlock() != root->getBlock()) {
      return reject(rewriter, root, "q, k and v have different inputs");
    }
    weights.push_back(linear.getWeight());
    sizes.push_back(linear.getWeight().getType().getRows());
  }
  if (!canJoinWeights(weights)) {
    return reject(rewriter, root, "weights of q, k and v cannot be concatenated");
  }
  for (Value weight : weights) {
    recipes.push_back(weightOf(weight).getRecipe());
  }
  WeightType first = linears[0].getWeight().getType();
  auto recipe = ConcatAttr::get(rewriter.getContext(), recipes);
  WeightType type = first.withShape(recipeShape(recipe));
  Location loc = rewriter.getFusedLoc({linears[0].getLoc(), linears[1].getLoc(), linears[2].getLoc()});
  rewriter.setInsertionPoint(firstInBlock(linears));
  Value weight = useFusedWeight(rewriter, loc, weightOf(weights[0]), kJoinedQkv, type, recipe);
  Value qkv = LinearOp::create(rewriter, loc, linears[0].getInput(), weight);
  auto split = SplitOp::create(rewriter, loc, qkv, sizes);
  for (auto [linear, slice] : llvm::zip_equal(linears, split.getOutputs())) {
    rewriter.replaceOp(linear, slice);
  }
  return FusionOutcome::fused;
}

/// A rope_attention that reads all slices of one split reads the input of the split instead.
static void takeSplitInput(RopeAttentionOp attention, RewriterBase &rewriter) {
  auto split = attention.getProjections()[0].getDefiningOp<SplitOp>();
  rewriter.modifyOpInPlace(attention, [&] { attention.getProjectionsMutable().assign(split.getInput()); });
  if (split->use_empty()) {
    rewriter.eraseOp(split);
  }
}

static FusionOutcome fuseAttention(RopeAttentionOp attention, RewriterBase &rewriter) {
  if (attention.hasFusedProjections()) {
    return FusionOutcome::unrelated;
  }
  FusionOutcome outcome = fuseProjections(attention, projectionsOf(attention), rewriter);
  if (outcome == FusionOutcome::fused) {
    takeSplitInput(attention, rewriter);
  }
  return outcome;
}

/// Whether the pass has already fused these projections: q, k and v are slices of one split.
static bool isSplitAlready(KvAppendOp append) {
  auto rope = append.getKey().getDefiningOp<RopeOp>();
  auto split = append.getValue().getDefiningOp<SplitOp>();
  return rope && split && rope.getInput().getDefiningOp() == split;
}

namespace {
struct FuseQkvPass : cria::impl::FuseQkvPassBase<FuseQkvPass> {
  void runOnOperation() override {
    auto fuseAppend = [](KvAppendOp append, RewriterBase &rewriter) {
      return isSplitAlready(append) ? FusionOutcome::unrelated
                                    : fuseProjections(append, projectionsOf(append), rewriter);
    };
    fuseEach<KvAppendOp>(getArgument(), getOperation(), fuseAppend, numFused, numRejected);
    fuseEach<RopeAttentionOp>(getArgument(), getOperation(), fuseAttention, numFused, numRejected);
  }
};
} // namespace
