// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers and result types of the llama ops, from the rules in LlamaShapes.

#include "ir/LlamaOps.h"
#include "ir/LlamaShapes.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace cria::llama;

/// custom<ActivationWord>: the activation without the name of the attribute.
static ParseResult parseActivationWord(OpAsmParser &parser, ActivationAttr &attribute) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word)) {
    return failure();
  }
  std::optional<Activation> activation = symbolizeActivation(word);
  if (!activation) {
    return parser.emitError(loc, "expected activation none or swiglu, got ") << word;
  }
  attribute = ActivationAttr::get(parser.getContext(), *activation);
  return success();
}

static void printActivationWord(OpAsmPrinter &printer, FusedLinearOp, ActivationAttr attribute) {
  printer << stringifyActivation(attribute.getValue());
}

#define GET_OP_CLASSES
#include "ir/LlamaOps.cpp.inc"

#include "ir/LlamaInterfaceEnums.cpp.inc"
#include "ir/LlamaInterfaces.cpp.inc"

/// Calls `rule` with a function that emits errors of `Op`, or with null if there is no location to emit them
/// at, and appends the type that it returns.
template <typename Op, typename Rule>
static LogicalResult infer(MLIRContext *context, std::optional<Location> location,
                           SmallVectorImpl<Type> &types, Rule rule) {
  auto emit = [&] { return emitError(*location) << "'" << Op::getOperationName() << "' op "; };
  FailureOr<Type> type = rule(location ? EmitError(emit) : EmitError());
  if (failed(type)) {
    return failure();
  }
  types.push_back(*type);
  return success();
}

static WeightType weightType(Value value) { return cast<WeightType>(value.getType()); }

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

LogicalResult WeightOp::verify() {
  SmallVector<int64_t> shape = recipeShape(getRecipe());
  if (ArrayRef<int64_t>(shape) != getWeightType().getShape()) { // weight_c1
    return emitOpError("expected the recipe's shape [") << shape << "], got " << getWeightType();
  }
  if (isa<RopeTableAttr>(getRecipe()) &&
      getWeightType().getFormat() != cria::WeightFormat::f32) { // weight_c2
    return emitOpError("expected a RoPE table of f32, got ") << getWeightType();
  }
  return success();
}

void UseWeightOp::build(OpBuilder &builder, OperationState &state, WeightOp weight) {
  build(builder, state, weight.getWeightType(), FlatSymbolRefAttr::get(weight.getSymNameAttr()));
}

LogicalResult UseWeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *symbol = symbols.lookupNearestSymbolFrom(*this, getNameAttr());
  auto weight = dyn_cast_or_null<WeightOp>(symbol);
  if (!weight) { // use_weight_c1
    InFlightDiagnostic diagnostic = emitOpError("expected ") << getNameAttr() << " to be a llama.weight";
    if (symbol) {
      diagnostic.attachNote(symbol->getLoc()) << "defined here";
    }
    return diagnostic;
  }
  if (weight.getWeightType() != getType()) { // use_weight_c2
    InFlightDiagnostic diagnostic = emitOpError("expected type ") << weight.getWeightType() << " of "
                                                                  << getNameAttr() << ", got " << getType();
    diagnostic.attachNote(weight.getLoc()) << "defined here";
    return diagnostic;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Primitive ops
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  return infer<EmbeddingOp>(context, location, types, [&](EmitError emit) {
    return embeddingType(op.getTokens().getType(), weightType(op.getTable()), emit);
  });
}

LogicalResult RmsNormOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  return infer<RmsNormOp>(context, location, types, [&](EmitError emit) {
    return rmsNormType(op.getInput().getType(), weightType(op.getWeight()), op.getEpsilonAttr(), emit);
  });
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  return infer<LinearOp>(context, location, types, [&](EmitError emit) {
    return linearType(op.getInput().getType(), weightType(op.getWeight()), emit);
  });
}

LogicalResult SplitOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                        SmallVectorImpl<Type> &types) {
  auto emit = [&] { return mlir::emitError(*location) << "'" << getOperationName() << "' op "; };
  FailureOr<SmallVector<Type>> found =
      splitTypes(op.getInput().getType(), op.getSizes(), location ? EmitError(emit) : EmitError());
  if (failed(found)) {
    return failure();
  }
  types.append(*found);
  return success();
}

LogicalResult RopeOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  return infer<RopeOp>(context, location, types, [&](EmitError emit) {
    return ropeType(op.getInput().getType(), op.getPositions().getType(), weightType(op.getTable()),
                    op.getHeadDim(), emit);
  });
}

LogicalResult KvAppendOp::verify() {
  return checkKvAppend(getCache().getType(), getKey().getType(), getValue().getType(), getSlots().getType(),
                       getLayer(), [&] { return emitOpError(); });
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  return infer<AttentionOp>(context, location, types, [&](EmitError emit) {
    return attentionType(op.getQuery().getType(), cast<KvCacheType>(op.getCache().getType()),
                         op.getPositions().getType(), op.getSequences().getType(), op.getLayer(),
                         op.getScaleAttr(), emit);
  });
}

LogicalResult SiluOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  return success();
}

LogicalResult MulOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                      SmallVectorImpl<Type> &types) {
  return infer<MulOp>(context, location, types, [&](EmitError emit) {
    return binaryType(op.getLhs().getType(), op.getRhs().getType(), emit);
  });
}

LogicalResult AddOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                      SmallVectorImpl<Type> &types) {
  return infer<AddOp>(context, location, types, [&](EmitError emit) {
    return binaryType(op.getLhs().getType(), op.getRhs().getType(), emit);
  });
}

LogicalResult GatherRowsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                             Adaptor op, SmallVectorImpl<Type> &types) {
  return infer<GatherRowsOp>(context, location, types, [&](EmitError) {
    return gatherRowsType(op.getInput().getType(), op.getRows().getType());
  });
}

//===----------------------------------------------------------------------===//
// Fused ops
//===----------------------------------------------------------------------===//

LogicalResult RopeAttentionOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                Adaptor op, SmallVectorImpl<Type> &types) {
  return infer<RopeAttentionOp>(context, location, types, [&](EmitError emit) {
    RopeAttentionTypes operands{.projections = op.getProjections().getTypes(),
                                .table = weightType(op.getTable()),
                                .cache = cast<KvCacheType>(op.getCache().getType()),
                                .positions = op.getPositions().getType(),
                                .sequences = op.getSequences().getType(),
                                .slots = op.getSlots().getType()};
    return ropeAttentionType(operands, op.getLayer(), op.getScaleAttr(), emit);
  });
}

std::array<int64_t, 3> RopeAttentionOp::getProjectionColumns() {
  return *projectionColumns(getProjections().getTypes(), getCache().getType(), EmitError());
}

LogicalResult FusedLinearOp::verify() {
  FusedLinearTypes types{.input = getInput().getType(),
                         .weight = getWeight().getType(),
                         .normWeight = getNormWeight() ? weightType(getNormWeight()) : WeightType(),
                         .residual = getResidual() ? getResidual().getType() : Type(),
                         .output = getOutput().getType()};
  std::optional<int64_t> block;
  if (IntegerAttr attribute = getSwigluBlockAttr()) {
    block = attribute.getInt();
  }
  return checkFusedLinear(types, getEpsilonAttr(), getActivation(), block, [&] { return emitOpError(); });
}
