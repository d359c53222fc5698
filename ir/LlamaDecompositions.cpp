// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decomposes fused ops into primitive ops.

#include "ir/LlamaOps.h"
#include "ir/LlamaShapes.h"

using namespace mlir;
using namespace cria::llama;

//===----------------------------------------------------------------------===//
// rope_attention
//===----------------------------------------------------------------------===//

FusedPart RopeAttentionOp::getFusedParts() { return FusedPart::rope_attention; }

/// q, k and v, split if they come in one tensor.
static SmallVector<Value> projections(RopeAttentionOp op, RewriterBase &rewriter) {
  if (!op.hasFusedProjections()) {
    return op.getProjections();
  }
  auto split = SplitOp::create(rewriter, op.getLoc(), op.getProjections().front(), op.getProjectionColumns());
  return split.getOutputs();
}

LogicalResult RopeAttentionOp::decompose(RewriterBase &rewriter, FusedPart parts) {
  if (!bitEnumContainsAny(parts, FusedPart::rope_attention)) {
    return rewriter.notifyMatchFailure(*this, "none of the selected parts is fused");
  }
  Location loc = getLoc();
  rewriter.setInsertionPoint(*this);
  SmallVector<Value> qkv = projections(*this, rewriter);
  int64_t headDim = getCache().getType().getHeadDim();
  Value query = RopeOp::create(rewriter, loc, qkv[0], getPositions(), getTable(), headDim);
  Value key = RopeOp::create(rewriter, loc, qkv[1], getPositions(), getTable(), headDim);
  KvAppendOp::create(rewriter, loc, getCache(), key, qkv[2], getSlots(), getLayerAttr());
  rewriter.replaceOpWithNewOp<AttentionOp>(*this, query, getCache(), getPositions(), getSequences(),
                                           getSequenceStarts(), getBlockTable(), getLayerAttr(),
                                           getScaleAttr());
  return success();
}

//===----------------------------------------------------------------------===//
// fused_linear
//===----------------------------------------------------------------------===//

FusedPart FusedLinearOp::getFusedParts() {
  FusedPart parts = FusedPart::none;
  if (getResidual()) {
    parts = parts | FusedPart::residual;
  }
  if (getActivation() != Activation::none) {
    parts = parts | FusedPart::activation;
  }
  if (getNormWeight()) {
    parts = parts | FusedPart::norm;
  }
  return parts;
}

/// The weight of one input of an interleaved weight: an existing weight with that recipe, or a new one named
/// <name of the interleaved weight>.<suffix>.
static WeightOp weightOfInput(WeightOp fused, Attribute recipe, ArrayRef<int64_t> shape, StringRef suffix,
                              RewriterBase &rewriter) {
  Operation *table = fused->getParentOp();
  WeightType type = fused.getWeightType().withShape(shape);
  for (auto weight : table->getRegion(0).getOps<WeightOp>()) {
    if (weight.getRecipe() == recipe && weight.getWeightType() == type) {
      return weight;
    }
  }
  // Created outside the module: the symbol table makes the name unique when it inserts the op.
  OpBuilder detached(rewriter.getContext());
  std::string name = (fused.getSymName() + "." + suffix).str();
  auto weight = WeightOp::create(detached, fused.getLoc(), name, type, recipe);
  SymbolTable(table).insert(weight, fused->getIterator());
  return weight;
}

/// The gate and up weights of a swiglu, or nullopt if the weight does not interleave the two in blocks of the
/// op's size.
static std::optional<std::pair<WeightOp, WeightOp>> gateAndUp(FusedLinearOp op, RewriterBase &rewriter) {
  auto use = op.getWeight().getDefiningOp<UseWeightOp>();
  auto fused = use ? SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, use.getNameAttr()) : WeightOp();
  auto recipe = fused ? dyn_cast<InterleaveAttr>(fused.getRecipe()) : InterleaveAttr();
  if (!recipe || recipe.getInputs().size() != 2 || recipe.getBlock() != op.getSwigluBlock()) {
    return std::nullopt;
  }
  int64_t shape[] = {cast<ShapedType>(op.getType()).getDimSize(1), fused.getWeightType().getColumns()};
  for (Attribute input : recipe.getInputs()) {
    if (ArrayRef<int64_t>(recipeShape(input)) != ArrayRef<int64_t>(shape)) {
      return std::nullopt; // the columns of the result include padding rows, or lack rows of gate and up
    }
  }
  WeightOp gate = weightOfInput(fused, recipe.getInputs()[0], shape, "gate", rewriter);
  WeightOp up = weightOfInput(fused, recipe.getInputs()[1], shape, "up", rewriter);
  return std::pair(gate, up);
}

namespace {
/// Creates the ops that remain of a fused linear when the parts in `decomposed` become ops of their own.
class LinearRemainder {
public:
  LinearRemainder(FusedLinearOp op, RewriterBase &rewriter, FusedPart decomposed)
      : op_(op), rewriter_(rewriter), decomposed_(decomposed), input_(op.getInput()) {}

  /// Creates the norm, if it is decomposed. Must be called before the other functions.
  void createNorm() {
    if (op_.getNormWeight() && bitEnumContainsAny(decomposed_, FusedPart::norm)) {
      input_ = RmsNormOp::create(rewriter_, op_.getLoc(), input_, op_.getNormWeight(), op_.getEpsilonAttr());
    }
  }

  /// The product with `weight` as one op without activation and residual; includes the norm unless it is
  /// decomposed.
  Value product(Value weight) {
    if (!op_.getNormWeight() || bitEnumContainsAny(decomposed_, FusedPart::norm)) {
      return LinearOp::create(rewriter_, op_.getLoc(), input_, weight);
    }
    auto rows = cast<WeightType>(weight.getType()).getRows();
    auto type =
        RankedTensorType::get({cast<ShapedType>(op_.getType()).getDimSize(0), rows}, rewriter_.getF32Type());
    return create(type, weight, Activation::none, Value());
  }

  /// The fused linear without the decomposed norm.
  Value create(Type type, Value weight, Activation activation, Value residual) {
    bool norm = op_.getNormWeight() && !bitEnumContainsAny(decomposed_, FusedPart::norm);
    IntegerAttr block = activation == Activation::swiglu ? op_.getSwigluBlockAttr() : IntegerAttr();
    return FusedLinearOp::create(rewriter_, op_.getLoc(), type, input_, weight,
                                 norm ? op_.getNormWeight() : Value(), residual,
                                 norm ? op_.getEpsilonAttr() : FloatAttr(), activation, block);
  }

private:
  FusedLinearOp op_;
  RewriterBase &rewriter_;
  FusedPart decomposed_;
  Value input_;
};
} // namespace

LogicalResult FusedLinearOp::decompose(RewriterBase &rewriter, FusedPart parts) {
  FusedPart decomposed = parts & getFusedParts();
  if (decomposed == FusedPart::none && getFusedParts() != FusedPart::none) {
    return rewriter.notifyMatchFailure(*this, "none of the selected parts is fused");
  }
  bool activation = bitEnumContainsAny(decomposed, FusedPart::activation);
  bool residual = getResidual() && (activation || bitEnumContainsAny(decomposed, FusedPart::residual));
  std::optional<std::pair<WeightOp, WeightOp>> weights =
      activation ? gateAndUp(*this, rewriter) : std::nullopt;
  if (activation && !weights) {
    return rewriter.notifyMatchFailure(*this, "weight does not interleave gate and up");
  }
  rewriter.setInsertionPoint(*this);
  LinearRemainder remainder(*this, rewriter, decomposed);
  remainder.createNorm();
  Value output;
  if (activation) {
    Value gate = remainder.product(UseWeightOp::create(rewriter, getLoc(), weights->first));
    Value up = remainder.product(UseWeightOp::create(rewriter, getLoc(), weights->second));
    output = MulOp::create(rewriter, getLoc(), SiluOp::create(rewriter, getLoc(), gate), up);
  } else if (getActivation() == Activation::none && (!getResidual() || residual)) {
    output = remainder.product(getWeight());
  } else {
    output = remainder.create(getType(), getWeight(), getActivation(), residual ? Value() : getResidual());
  }
  if (residual) {
    output = AddOp::create(rewriter, getLoc(), output, getResidual());
  }
  rewriter.replaceOp(*this, output);
  return success();
}
