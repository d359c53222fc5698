// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shape rules of the llama dialect, as functions of types and recipes alone. Verifiers, type inference,
// frontends and passes call them.
//
// A function with an emitError reports the first violated constraint through it and returns failure. A null
// emitError suppresses the diagnostic.
#pragma once

#include "ir/LlamaTypes.h"

namespace cria::llama {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The shape of the weight that a recipe describes, of rank 1 or 2. REQUIRES: isRecipe(recipe). Does not
/// fail, because recipe attributes are verified when they are created.
llvm::SmallVector<int64_t> recipeShape(mlir::Attribute recipe);

/// `value` rounded up to a multiple of `multiple`, which is positive.
int64_t roundUp(int64_t value, int64_t multiple);

/// Rows of gate, then of up, per block of an interleaved SwiGLU weight: the default of llama-fuse-swiglu-mlp,
/// and the block size of the kernels of all built-in targets.
constexpr int64_t kSwigluBlock = 16;

/// The number of rows of a weight that interleaves gate and up, of `ffnDim` rows each, in blocks of `block`
/// rows.
int64_t swigluRows(int64_t ffnDim, int64_t block);

/// tensor<rows x columns x f32>, with the first dimension of `rows`.
mlir::RankedTensorType rowsType(mlir::ShapedType rows, int64_t columns);

/// Whether two dimensions are compatible: equal, or at least one of them dynamic.
bool dimensionsMatch(int64_t first, int64_t second);

/// The result types of the ops with these names.
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

/// Verifies (C1) to (C3) of kv_append.
llvm::LogicalResult checkKvAppend(KvCacheType cache, mlir::Type key, mlir::Type value, mlir::Type slots,
                                  int64_t layer, EmitError emitError);

/// The number of columns of q, k and v in the projections of a rope_attention.
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
/// Verifies (C1) to (C6) of fused_linear; `epsilon` may be null.
llvm::LogicalResult checkFusedLinear(const FusedLinearTypes &types, mlir::FloatAttr epsilon,
                                     Activation activation, std::optional<int64_t> swigluBlock,
                                     EmitError emitError);

} // namespace cria::llama
