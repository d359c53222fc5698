// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses the gate and up linears and SwiGLU into one linear, so that a kernel computes both products of a
// column and stores one value.

#include "format/JoinedWeights.h"
#include "ir/LlamaShapes.h"
#include "passes/Passes.h"
#include "passes/transforms/Fusion.h"

namespace cria {
#define GEN_PASS_DEF_FUSESWIGLUMLPPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria;
using namespace cria::llama;

namespace {
struct Swiglu {
  SiluOp silu;
  LinearOp gate, up;
};
} // namespace

/// silu(gate) * up, with the factors in either order. `gate` or `up` is null if the value is not the result
/// of a linear.
static std::optional<Swiglu> matchSwiglu(MulOp mul) {
  for (auto [first, second] :
       {std::pair(mul.getLhs(), mul.getRhs()), std::pair(mul.getRhs(), mul.getLhs())}) {
    if (auto silu = first.getDefiningOp<SiluOp>()) {
      return Swiglu{silu, silu.getInput().getDefiningOp<LinearOp>(), second.getDefiningOp<LinearOp>()};
    }
  }
  return std::nullopt;
}

/// The weight of the fused op: rows of gate and up, interleaved in blocks of `block` rows.
static Value interleavedWeight(Swiglu swiglu, int64_t block, Location loc, RewriterBase &rewriter) {
  WeightOp gate = weightOf(swiglu.gate.getWeight()), up = weightOf(swiglu.up.getWeight());
  auto recipe = InterleaveAttr::get(rewriter.getContext(), {gate.getRecipe(), up.getRecipe()}, block);
  WeightType type = gate.getWeightType().withShape(recipeShape(recipe));
  return useFusedWeight(rewriter, loc, gate, kJoinedGateUp, type, recipe);
}

static FusionOutcome fuseSwigluMlp(MulOp mul, RewriterBase &rewriter, int64_t block) {
  std::optional<Swiglu> swiglu = matchSwiglu(mul);
  if (!swiglu) {
    return FusionOutcome::unrelated;
  }
  auto [silu, gate, up] = *swiglu;
  if (!gate || !up || gate == up) {
    return reject(rewriter, mul, "gate and up are not two linears");
  }
  if (gate.getInput() != up.getInput()) {
    return reject(rewriter, mul, "gate and up have different inputs");
  }
  if (!silu->hasOneUse() || !gate->hasOneUse() || !up->hasOneUse()) {
    return reject(rewriter, mul, "an intermediate has another use");
  }
  if (!canJoinWeights({gate.getWeight(), up.getWeight()})) {
    return reject(rewriter, mul, "weights of gate and up cannot be interleaved");
  }
  Location loc = rewriter.getFusedLoc({gate.getLoc(), up.getLoc(), silu.getLoc(), mul.getLoc()});
  rewriter.setInsertionPoint(mul);
  LinearParts parts{.input = gate.getInput(),
                    .weight = interleavedWeight(*swiglu, block, loc, rewriter),
                    .activation = Activation::swiglu,
                    .swigluBlock = rewriter.getI64IntegerAttr(block)};
  rewriter.replaceOp(mul, parts.create(rewriter, loc, mul.getType()));
  for (Operation *op : {silu.getOperation(), gate.getOperation(), up.getOperation()}) {
    rewriter.eraseOp(op);
  }
  return FusionOutcome::fused;
}

namespace {
struct FuseSwigluMlpPass : cria::impl::FuseSwigluMlpPassBase<FuseSwigluMlpPass> {
  using FuseSwigluMlpPassBase::FuseSwigluMlpPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (swigluBlock <= 0) {
      return emitError(UnknownLoc::get(context))
             << "expected positive swiglu-block, got " << swigluBlock.getValue();
    }
    return success();
  }

  void runOnOperation() override {
    auto fuseMul = [&](MulOp mul, RewriterBase &rewriter) {
      return fuseSwigluMlp(mul, rewriter, swigluBlock);
    };
    fuseEach<MulOp>(getArgument(), getOperation(), fuseMul, numFused, numRejected);
  }
};
} // namespace
