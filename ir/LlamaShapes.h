// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shape rules of the llama dialect, on types and recipes alone: verifiers, type inference, frontends and
// passes ask the same functions.
//
// Functions that take an emitError report the first violated constraint through it and return failure; with a
// null emitError they're silent.
#pragma once

#include "ir/LlamaTypes.h"

namespace cria::llama {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The shape of what a recipe makes: one or two extents. The attribute must be a recipe (isRecipe); recipes
/// verify themselves when made, so that this can't fail.
llvm::SmallVector<int64_t> recipeShape(mlir::Attribute recipe);

/// `value` rounded up to a multiple of `multiple`, which is positive.
int64_t roundUp(int64_t value, int64_t multiple);

/// Rows of a weight that holds gate and up, `ffnDim` rows each, interleaved in blocks.
int64_t swigluRows(int64_t ffnDim, int64_t block);

/// tensor<T x columns x f32> with the first extent of `rows`.
mlir::RankedTensorType rowsType(mlir::ShapedType rows, int64_t columns);

/// Whether two extents may be the same number: equal, or one of them dynamic.
bool extentsMatch(int64_t first, int64_t second);

// Result types of ops, named after them.
llvm::FailureOr<mlir::Type> embeddingType(mlir::Type tokens, WeightType table, EmitError emitError);
llvm::FailureOr<mlir::Type> rmsNormType(mlir::Type input, WeightType weight, mlir::FloatAttr epsilon,
                                        EmitError emitError);
llvm::FailureOr<mlir::Type> linearType(mlir::Type input, WeightType weight, EmitError emitError);
llvm::FailureOr<llvm::SmallVector<mlir::Type>> splitTypes(mlir::Type input, llvm::ArrayRef<int64_t> sizes,
                                                          EmitError emitError);
llvm::FailureOr<mlir::Type> ropeType(mlir::Type input, mlir::Type positions, WeightType table,
                                     int64_t headDim, EmitError emitError);
llvm::FailureOr<mlir::Type> attentionType(mlir::Type query, KvCacheType cache, mlir::Type positions,
                                          mlir::Type sequences, int64_t layer, mlir::FloatAttr scale,
                                          EmitError emitError);
llvm::FailureOr<mlir::Type> binaryType(mlir::Type lhs, mlir::Type rhs, EmitError emitError);
llvm::FailureOr<mlir::Type> gatherRowsType(mlir::Type input, mlir::Type rows);

/// (C1)..(C3) of kv_append.
llvm::LogicalResult checkKvAppend(KvCacheType cache, mlir::Type key, mlir::Type value, mlir::Type slots,
                                  int64_t layer, EmitError emitError);

/// Columns of q, k and v in the projections of a rope_attention.
llvm::FailureOr<std::array<int64_t, 3>> projectionColumns(mlir::TypeRange projections, KvCacheType cache,
                                                          EmitError emitError);

struct RopeAttentionTypes {
  mlir::TypeRange projections;
  WeightType table;
  KvCacheType cache;
  mlir::Type positions, sequences, slots;
};
llvm::FailureOr<mlir::Type> ropeAttentionType(const RopeAttentionTypes &types, int64_t layer,
                                              mlir::FloatAttr scale, EmitError emitError);

/// `normWeight` and `residual` may be null.
struct FusedLinearTypes {
  mlir::Type input;
  WeightType weight, normWeight;
  mlir::Type residual, output;
};
/// (C1)..(C6) of fused_linear; `epsilon` may be null.
llvm::LogicalResult checkFusedLinear(const FusedLinearTypes &types, mlir::FloatAttr epsilon,
                                     Activation activation, std::optional<int64_t> swigluBlock,
                                     EmitError emitError);

} // namespace cria::llama
