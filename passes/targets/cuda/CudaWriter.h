// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns one llama op into specs of device kernels and dispatches of them.
#pragma once

#include "passes/targets/DispatchBuilder.h"
#include "passes/targets/cuda/Kernels.h"

namespace cria::cuda {

KvLayout kvLayoutOf(llama::KvCacheType type);
KvLayout kvLayoutOf(mlir::Value cache);

class CudaWriter {
public:
  CudaWriter(mlir::Operation *op, DispatchBuilder &builder) : op(op), builder(builder) {}

  llvm::LogicalResult emit();

private:
  /// Up to so many rows a matrix is better read once than multiplied on tensor cores.
  static constexpr int64_t kMaxMatvecRows = 8;

  llvm::LogicalResult emitOp(llama::EmbeddingOp op);
  llvm::LogicalResult emitOp(llama::GatherRowsOp op);
  llvm::LogicalResult emitOp(llama::RmsNormOp op);
  llvm::LogicalResult emitOp(llama::LinearOp op);
  llvm::LogicalResult emitOp(llama::FusedLinearOp op);
  llvm::LogicalResult emitOp(llama::RopeOp op);
  llvm::LogicalResult emitOp(llama::KvAppendOp op);
  llvm::LogicalResult emitOp(llama::AttentionOp op);
  llvm::LogicalResult emitOp(llama::RopeAttentionOp op);
  llvm::LogicalResult emitElementwise(ElementwiseSpec::Kind kind);

  /// What a linear op says, whichever op it is.
  struct Linear {
    mlir::Value input, weight, normWeight, residual, output;
    float epsilon = 0;
    Activation activation = Activation::None;
  };
  llvm::LogicalResult emitLinear(const Linear &linear);
  llvm::LogicalResult emitMatvecs(const Linear &linear);
  llvm::LogicalResult emitMatmuls(const Linear &linear);
  bool isForTensorCores(const Linear &linear);

  template <typename AttentionLikeOp>
  llvm::LogicalResult emitAttention(AttentionLikeOp op, const View &query);
  template <typename AttentionLikeOp>
  llvm::LogicalResult emitFlash(AttentionLikeOp op, const AttentionShape &shape, const View &query);
  template <typename AttentionLikeOp>
  llvm::LogicalResult emitSegments(AttentionLikeOp op, const AttentionShape &shape, const View &query);

  View view(mlir::Value value) { return builder.view(value); }
  View cache(mlir::Value cache, int64_t layer);
  int64_t strideOf(mlir::Value value) { return view(value).strides.front(); }

  int64_t largest(int64_t extent);
  llvm::LogicalResult checkExtents(llvm::ArrayRef<GridDim> grid, llvm::ArrayRef<View> views);

  /// What a launch needs beside its grid, and how the kernel is made.
  struct Kernel {
    std::string name;
    KernelLaunch launch;
    std::vector<std::string> bindings;
    llvm::function_ref<void(mlir::ModuleOp)> emit;
  };
  /// Binds `views` under the kernel's names for them, in order. Those in `written` are written.
  llvm::LogicalResult dispatch(const Kernel &kernel, llvm::ArrayRef<GridDim> grid, llvm::ArrayRef<View> views,
                               llvm::ArrayRef<llvm::StringRef> written);

  mlir::Operation *op;
  DispatchBuilder &builder;
};

} // namespace cria::cuda
