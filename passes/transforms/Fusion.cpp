// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Implements Fusion.h.

#include "passes/transforms/Fusion.h"

#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace cria;
using namespace cria::llama;

FusionOutcome cria::reject(RewriterBase &rewriter, Operation *op, const Twine &reason) {
  (void)rewriter.notifyMatchFailure(op, reason);
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name(op->getName().getStringRef()).category(kFusionRemarks))
      << reason.str();
  return FusionOutcome::rejected;
}

void cria::remarkCounts(ModuleOp module, StringRef pass, int64_t numFused, int64_t numRejected) {
  if (numFused + numRejected > 0) {
    remark::analysis(module.getLoc(), remark::RemarkOpts::name(pass).category(kFusionRemarks))
        << remark::metric("num-fused", numFused) << remark::metric("num-rejected", numRejected);
  }
}

WeightOp cria::weightOf(Value value) {
  auto use = value.getDefiningOp<UseWeightOp>();
  return use ? SymbolTable::lookupNearestSymbolFrom<WeightOp>(use, use.getNameAttr()) : WeightOp();
}

/// The weight of a module with this recipe and type.
static WeightOp findWeight(Region &region, WeightType type, Attribute recipe) {
  for (auto weight : region.getOps<WeightOp>()) {
    if (weight.getRecipe() == recipe && weight.getWeightType() == type) {
      return weight;
    }
  }
  return {};
}

Value cria::useFusedWeight(RewriterBase &rewriter, Location loc, WeightOp first, StringRef name,
                           WeightType type, Attribute recipe) {
  WeightOp fused = findWeight(*first->getParentRegion(), type, recipe);
  if (!fused) {
    StringRef folder = first.getSymName();
    folder = folder.take_front(folder.rfind('.') + 1);
    // Created outside the module: the symbol table makes the name unique when it inserts the op.
    OpBuilder detached(rewriter.getContext());
    fused = WeightOp::create(detached, loc, (folder + name).str(), type, recipe);
    SymbolTable(first->getParentOp()).insert(fused, first->getIterator());
  }
  return UseWeightOp::create(rewriter, loc, fused);
}

bool cria::canJoinWeights(ValueRange weights) {
  auto first = cast<WeightType>(weights.front().getType());
  return llvm::all_of(weights, [&](Value weight) {
    auto type = cast<WeightType>(weight.getType());
    return weightOf(weight) && type.getFormat() == first.getFormat() &&
           type.getLayout() == first.getLayout() && type.getColumns() == first.getColumns();
  });
}

std::optional<LinearParts> LinearParts::of(Operation *op) {
  if (auto linear = dyn_cast_or_null<LinearOp>(op)) {
    return LinearParts{.input = linear.getInput(), .weight = linear.getWeight()};
  }
  if (auto linear = dyn_cast_or_null<FusedLinearOp>(op)) {
    return LinearParts{.input = linear.getInput(),
                       .weight = linear.getWeight(),
                       .normWeight = linear.getNormWeight(),
                       .residual = linear.getResidual(),
                       .epsilon = linear.getEpsilonAttr(),
                       .activation = linear.getActivation(),
                       .swigluBlock = linear.getSwigluBlockAttr()};
  }
  return std::nullopt;
}

FusedLinearOp LinearParts::create(OpBuilder &builder, Location loc, Type type) const {
  return FusedLinearOp::create(builder, loc, type, input, weight, normWeight, residual, epsilon, activation,
                               swigluBlock);
}
