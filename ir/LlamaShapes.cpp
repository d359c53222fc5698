// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shape rules of the llama dialect. The labels are those of the constraints in the ops' descriptions.

#include "ir/LlamaShapes.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace cria::llama;

/// Emits a diagnostic if `emitError` is set.
template <typename... Parts> static LogicalResult report(EmitError emitError, Parts &&...parts) {
  if (emitError) {
    InFlightDiagnostic diagnostic = emitError();
    (diagnostic << ... << parts);
  }
  return failure();
}

static int64_t columnsOf(Type type) { return cast<ShapedType>(type).getDimSize(1); }
static int64_t rowsOf(Type type) { return cast<ShapedType>(type).getDimSize(0); }

//===----------------------------------------------------------------------===//
// Numbers and recipes
//===----------------------------------------------------------------------===//

int64_t cria::llama::roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int64_t cria::llama::swigluRows(int64_t ffnDim, int64_t block) { return 2 * roundUp(ffnDim, block); }

RankedTensorType cria::llama::rowsType(ShapedType rows, int64_t columns) {
  return RankedTensorType::get({rows.getDimSize(0), columns}, Float32Type::get(rows.getContext()));
}

bool cria::llama::dimensionsMatch(int64_t first, int64_t second) {
  return first == second || ShapedType::isDynamic(first) || ShapedType::isDynamic(second);
}

static SmallVector<int64_t> concatShape(ConcatAttr concat) {
  int64_t rows = 0, columns = 0;
  for (Attribute input : concat.getInputs()) {
    SmallVector<int64_t> shape = recipeShape(input);
    rows += shape[0];
    columns = shape[1];
  }
  return {rows, columns};
}

static SmallVector<int64_t> interleaveShape(InterleaveAttr interleave) {
  SmallVector<int64_t> shape = recipeShape(interleave.getInputs().front());
  int64_t inputs = interleave.getInputs().size();
  return {inputs * roundUp(shape[0], interleave.getBlock()), shape[1]};
}

SmallVector<int64_t> cria::llama::recipeShape(Attribute recipe) {
  using Shape = SmallVector<int64_t>;
  return TypeSwitch<Attribute, Shape>(recipe)
      .Case([](CheckpointAttr source) { return Shape(source.getShape()); })
      .Case([](RandomAttr source) { return Shape{source.getRows(), source.getColumns()}; })
      .Case([](OnesAttr source) { return Shape{source.getSize()}; })
      .Case([](RopeTableAttr source) { return Shape{source.getContextLength(), source.getHeadDim()}; })
      .Case([](ConcatAttr concat) { return concatShape(concat); })
      .Case([](InterleaveAttr interleave) { return interleaveShape(interleave); })
      .Case([](PermuteRopeAttr permute) { return recipeShape(permute.getInput()); });
}

//===----------------------------------------------------------------------===//
// Checks that several ops share
//===----------------------------------------------------------------------===//

static LogicalResult checkRank(StringRef what, WeightType weight, int64_t rank, EmitError emitError) {
  if (weight.getRank() == rank) {
    return success();
  }
  return report(emitError, "expected ", what, " of rank ", rank, ", got ", weight);
}

static LogicalResult checkF32(StringRef what, WeightType weight, EmitError emitError) {
  if (weight.getFormat() == cria::WeightFormat::f32) {
    return success();
  }
  return report(emitError, "expected ", what, " of f32, got ", StringRef(nameOf(weight.getFormat())));
}

/// One element of `indices` for each row of `input`.
static LogicalResult checkPerRow(StringRef what, Type indices, Type input, EmitError emitError) {
  if (dimensionsMatch(rowsOf(indices), rowsOf(input))) {
    return success();
  }
  return report(emitError, "expected ", what, " of size ", rowsOf(input),
                " to match the rows of the input, got ", rowsOf(indices));
}

static LogicalResult checkLayer(int64_t layer, KvCacheType cache, EmitError emitError) {
  if (layer >= 0 && layer < cache.getLayers()) {
    return success();
  }
  return report(emitError, "expected layer below the cache's ", cache.getLayers(), ", got ", layer);
}

static LogicalResult checkScale(FloatAttr scale, EmitError emitError) {
  double value = scale.getValueAsDouble();
  if (std::isfinite(value) && value > 0) {
    return success();
  }
  return report(emitError, "expected positive scale, got ", scale);
}

static LogicalResult checkTable(WeightType table, int64_t headDim, EmitError emitError) {
  if (failed(checkRank("table", table, 2, emitError)) || failed(checkF32("table", table, emitError))) {
    return failure();
  }
  if (table.getColumns() != headDim) {
    return report(emitError, "expected table with ", headDim, " columns to match head_dim, got ",
                  table.getColumns());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

FailureOr<Type> cria::llama::embeddingType(Type tokens, WeightType table, EmitError emitError) {
  if (failed(checkRank("table", table, 2, emitError))) { // embedding_c1
    return failure();
  }
  return Type(rowsType(cast<ShapedType>(tokens), table.getColumns()));
}

FailureOr<Type> cria::llama::rmsNormType(Type input, WeightType weight, FloatAttr epsilon,
                                         EmitError emitError) {
  if (failed(checkRank("weight", weight, 1, emitError)) ||
      failed(checkF32("weight", weight, emitError))) { // rms_norm_c1
    return failure();
  }
  if (weight.getRows() != columnsOf(input)) { // rms_norm_c2
    return report(emitError, "expected weight of size ", columnsOf(input),
                  " to match last dimension of input, got ", weight.getRows());
  }
  double value = epsilon.getValueAsDouble();
  if (!std::isfinite(value) || value < 0) { // rms_norm_c3
    return report(emitError, "expected epsilon of at least 0, got ", epsilon);
  }
  return input;
}

FailureOr<Type> cria::llama::linearType(Type input, WeightType weight, EmitError emitError) {
  if (failed(checkRank("weight", weight, 2, emitError))) { // linear_c1
    return failure();
  }
  if (weight.getColumns() != columnsOf(input)) { // linear_c2
    return report(emitError, "expected weight with ", columnsOf(input),
                  " columns to match last dimension of input, got ", weight.getColumns());
  }
  return Type(rowsType(cast<ShapedType>(input), weight.getRows()));
}

FailureOr<SmallVector<Type>> cria::llama::splitTypes(Type input, ArrayRef<int64_t> sizes,
                                                     EmitError emitError) {
  if (sizes.empty()) { // split_c1
    return report(emitError, "expected at least one size");
  }
  SmallVector<Type> types;
  int64_t sum = 0;
  for (int64_t size : sizes) {
    if (size <= 0) { // split_c1
      return report(emitError, "expected positive sizes, got ", size);
    }
    sum += size;
    types.push_back(rowsType(cast<ShapedType>(input), size));
  }
  if (sum != columnsOf(input)) { // split_c2
    return report(emitError, "expected sizes to add up to ", columnsOf(input),
                  ", the last dimension of input, got ", sum);
  }
  return types;
}

FailureOr<Type> cria::llama::ropeType(Type input, Type positions, WeightType table, int64_t headDim,
                                      EmitError emitError) {
  if (failed(checkTable(table, headDim, emitError))) { // rope_c1
    return failure();
  }
  if (headDim % 2 != 0) { // rope_c2
    return report(emitError, "expected even head_dim, got ", headDim);
  }
  if (columnsOf(input) % headDim != 0) { // rope_c2
    return report(emitError, "expected head_dim to divide ", columnsOf(input),
                  ", the last dimension of input, got ", headDim);
  }
  if (failed(checkPerRow("positions", positions, input, emitError))) { // rope_c3
    return failure();
  }
  return input;
}

LogicalResult cria::llama::checkKvAppend(KvCacheType cache, Type key, Type value, Type slots, int64_t layer,
                                         EmitError emitError) {
  const std::pair<StringRef, Type> operands[] = {{"key", key}, {"value", value}};
  for (auto [what, type] : operands) {
    if (columnsOf(type) != cache.getColumns()) { // kv_append_c1
      return report(emitError, "expected ", what, " with ", cache.getColumns(),
                    " columns for the cache, got ", columnsOf(type));
    }
    if (failed(checkPerRow("slots", slots, type, emitError))) { // kv_append_c2
      return failure();
    }
  }
  if (!dimensionsMatch(rowsOf(key), rowsOf(value))) { // kv_append_c2
    return report(emitError, "expected value with ", rowsOf(key), " rows as key has, got ", rowsOf(value));
  }
  return checkLayer(layer, cache, emitError); // kv_append_c3
}

FailureOr<Type> cria::llama::attentionType(Type query, KvCacheType cache, Type positions, Type sequences,
                                           int64_t layer, FloatAttr scale, EmitError emitError) {
  if (columnsOf(query) % cache.getColumns() != 0) { // attention_c1
    return report(emitError, "expected query whose last dimension is a multiple of kv_heads * head_dim = ",
                  cache.getColumns(), ", got ", columnsOf(query));
  }
  if (failed(checkPerRow("positions", positions, query, emitError)) ||
      failed(checkPerRow("sequences", sequences, query, emitError))) { // attention_c2
    return failure();
  }
  if (failed(checkLayer(layer, cache, emitError)) ||
      failed(checkScale(scale, emitError))) { // attention_c3, attention_c4
    return failure();
  }
  return query;
}

FailureOr<Type> cria::llama::binaryType(Type lhs, Type rhs, EmitError emitError) {
  if (lhs != rhs) { // mul_c1, add_c1
    return report(emitError, "expected operands of one type, got ", lhs, " and ", rhs);
  }
  return lhs;
}

FailureOr<Type> cria::llama::gatherRowsType(Type input, Type rows) {
  return Type(rowsType(cast<ShapedType>(rows), columnsOf(input)));
}

//===----------------------------------------------------------------------===//
// Fused ops
//===----------------------------------------------------------------------===//

/// The number of columns of q, which precede those of k and v.
static FailureOr<std::array<int64_t, 3>> columnsOfFusedProjections(Type projections, KvCacheType cache,
                                                                   EmitError emitError) {
  int64_t kv = cache.getColumns(), query = columnsOf(projections) - 2 * kv;
  if (query <= 0 || query % kv != 0) { // rope_attention_c2
    return report(emitError,
                  "expected projections whose last dimension is 2 * kv_heads * head_dim = ", 2 * kv,
                  " and a multiple of ", kv, " for the query, got ", columnsOf(projections));
  }
  return std::array<int64_t, 3>{query, kv, kv};
}

FailureOr<std::array<int64_t, 3>> cria::llama::projectionColumns(TypeRange projections, KvCacheType cache,
                                                                 EmitError emitError) {
  if (projections.size() == 1) {
    return columnsOfFusedProjections(projections[0], cache, emitError);
  }
  if (projections.size() != 3) { // rope_attention_c1
    return report(emitError, "expected one or three projections, got ", projections.size());
  }
  std::array<int64_t, 3> columns{columnsOf(projections[0]), columnsOf(projections[1]),
                                 columnsOf(projections[2])};
  int64_t kv = cache.getColumns();
  if (columns[0] % kv != 0) { // rope_attention_c2
    return report(emitError,
                  "expected query whose last dimension is a multiple of kv_heads * head_dim = ", kv, ", got ",
                  columns[0]);
  }
  if (columns[1] != kv || columns[2] != kv) { // rope_attention_c2
    return report(emitError, "expected key and value with ", kv, " columns for the cache, got ", columns[1],
                  " and ", columns[2]);
  }
  return columns;
}

FailureOr<Type> cria::llama::ropeAttentionType(const RopeAttentionTypes &types, int64_t layer,
                                               FloatAttr scale, EmitError emitError) {
  // rope_attention_c1, rope_attention_c2
  FailureOr<std::array<int64_t, 3>> columns = projectionColumns(types.projections, types.cache, emitError);
  if (failed(columns) ||
      failed(checkTable(types.table, types.cache.getHeadDim(), emitError))) { // rope_attention_c3
    return failure();
  }
  for (Type projection : types.projections) { // rope_attention_c4
    if (failed(checkPerRow("positions", types.positions, projection, emitError)) ||
        failed(checkPerRow("sequences", types.sequences, projection, emitError)) ||
        failed(checkPerRow("slots", types.slots, projection, emitError))) {
      return failure();
    }
  }
  if (failed(checkLayer(layer, types.cache, emitError)) ||
      failed(checkScale(scale, emitError))) { // rope_attention_c5
    return failure();
  }
  return Type(rowsType(cast<ShapedType>(types.projections.front()), (*columns)[0]));
}

/// (C2) of fused_linear.
static LogicalResult checkNorm(const FusedLinearTypes &types, FloatAttr epsilon, EmitError emitError) {
  if (!types.normWeight != !epsilon) {
    return report(emitError, "expected norm weight and epsilon together, got only ",
                  epsilon ? "epsilon" : "norm weight");
  }
  return types.normWeight ? LogicalResult(rmsNormType(types.input, types.normWeight, epsilon, emitError))
                          : success();
}

/// (C3) and (C4) of fused_linear.
static LogicalResult checkActivation(const FusedLinearTypes &types, Activation activation,
                                     std::optional<int64_t> swigluBlock, EmitError emitError) {
  int64_t columns = columnsOf(types.output), rows = types.weight.getRows();
  if (activation == Activation::none) {
    if (swigluBlock) {
      return report(emitError, "expected no swiglu_block without activation swiglu, got ", *swigluBlock);
    }
    if (columns != rows) {
      return report(emitError, "expected result with ", rows, " columns to match the rows of weight, got ",
                    columns);
    }
    return success();
  }
  if (!swigluBlock || *swigluBlock <= 0) {
    return report(emitError, "expected positive swiglu_block with activation swiglu, got ",
                  swigluBlock ? *swigluBlock : 0);
  }
  if (int64_t expected = swigluRows(columns, *swigluBlock); rows != expected) {
    return report(emitError, "expected weight with ", expected, " rows for a result with ", columns,
                  " columns in blocks of ", *swigluBlock, ", got ", rows);
  }
  return success();
}

LogicalResult cria::llama::checkFusedLinear(const FusedLinearTypes &types, FloatAttr epsilon,
                                            Activation activation, std::optional<int64_t> swigluBlock,
                                            EmitError emitError) {
  if (failed(linearType(types.input, types.weight, emitError)) || // fused_linear_c1
      failed(checkNorm(types, epsilon, emitError)) ||
      failed(checkActivation(types, activation, swigluBlock, emitError))) {
    return failure();
  }
  if (types.residual && types.residual != types.output) { // fused_linear_c5
    return report(emitError, "expected residual of the result's type ", types.output, ", got ",
                  types.residual);
  }
  if (rowsOf(types.output) != rowsOf(types.input)) { // fused_linear_c6
    return report(emitError, "expected result with as many rows as input ", types.input, ", got ",
                  types.output);
  }
  return success();
}
