// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses RoPE of q and k, the KV append and attention into one op, so that one kernel can rotate, store and
// attend to a single row.

#include "ir/LlamaShapes.h"
#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSEROPEATTENTIONPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

/// The kv_append that `attention` depends on: the last op with a memory effect before it. Null if that op is
/// not a kv_append.
static KvAppendOp appendBefore(AttentionOp attention) {
  Operation *op = attention->getPrevNode();
  while (op && isMemoryEffectFree(op)) {
    op = op->getPrevNode();
  }
  auto append = dyn_cast_or_null<KvAppendOp>(op);
  bool same =
      append && append.getCache() == attention.getCache() && append.getLayer() == attention.getLayer();
  return same ? append : KvAppendOp();
}

/// Whether a RoPE has the positions, table and head dimension of the fused op.
static bool rotatesFor(RopeOp rope, AttentionOp attention, Value table) {
  return rope.getPositions() == attention.getPositions() && rope.getTable() == table &&
         int64_t(rope.getHeadDim()) == attention.getCache().getType().getHeadDim();
}

/// q, k and v, or the one tensor that they are slices of.
static SmallVector<Value> projections(Value query, Value key, Value value) {
  auto split = query.getDefiningOp<SplitOp>();
  SmallVector<Value> all{query, key, value};
  if (split && llvm::equal(split.getOutputs(), all)) {
    return {split.getInput()};
  }
  return all;
}

static FusionOutcome fuseRopeAttention(AttentionOp attention, RewriterBase &rewriter) {
  KvAppendOp append = appendBefore(attention);
  if (!append) {
    return reject(rewriter, attention, "the preceding effect is not a kv_append of the same cache and layer");
  }
  auto query = attention.getQuery().getDefiningOp<RopeOp>();
  auto key = append.getKey().getDefiningOp<RopeOp>();
  if (!query || !key) {
    return reject(rewriter, attention, "query or key is not rotated");
  }
  if (!rotatesFor(query, attention, query.getTable()) || !rotatesFor(key, attention, query.getTable())) {
    return reject(rewriter, attention, "query and key are rotated differently");
  }
  if (!query->hasOneUse() || !key->hasOneUse()) {
    return reject(rewriter, attention, "a rotated value has another use");
  }
  if (attention.getQuery().getType().getDimSize(0) != append.getKey().getType().getDimSize(0)) {
    return reject(rewriter, attention, "query and key have different rows");
  }
  SmallVector<Value> values = projections(query.getInput(), key.getInput(), append.getValue());
  RopeAttentionTypes types{ValueRange(values).getTypes(),      query.getTable().getType(),
                           attention.getCache().getType(),     attention.getPositions().getType(),
                           attention.getSequences().getType(), append.getSlots().getType()};
  if (failed(ropeAttentionType(types, attention.getLayer(), attention.getScaleAttr(), nullptr))) {
    return reject(rewriter, attention, "rows of the projections, positions, sequences and slots differ");
  }
  Location loc = rewriter.getFusedLoc({query.getLoc(), key.getLoc(), append.getLoc(), attention.getLoc()});
  Operation *slices = query.getInput().getDefiningOp();
  rewriter.setInsertionPoint(attention);
  auto fused = RopeAttentionOp::create(rewriter, loc, values, query.getTable(), attention.getCache(),
                                       attention.getPositions(), attention.getSequences(), append.getSlots(),
                                       attention.getSequenceStarts(), attention.getBlockTable(),
                                       attention.getLayerAttr(), attention.getScaleAttr());
  rewriter.replaceOp(attention, fused);
  rewriter.eraseOp(append);
  rewriter.eraseOp(key);
  rewriter.eraseOp(query);
  if (values.size() == 1 && slices->use_empty()) {
    rewriter.eraseOp(slices);
  }
  return FusionOutcome::fused;
}

namespace {
struct FuseRopeAttentionPass : cria::impl::FuseRopeAttentionPassBase<FuseRopeAttentionPass> {
  void runOnOperation() override {
    fuseEach<AttentionOp>(getArgument(), getOperation(), fuseRopeAttention, numFused, numRejected);
  }
};
} // namespace
