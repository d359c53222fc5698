// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OpLowering: lowers one llama op to kernels and dispatches. It decides what is the same for every target
// with kernels: the operands of a dispatch, its grid, and the members of shared specs. A target supplies its
// kernels and overrides linear layers, attention and table lookups.
//
// Operands are bound by name: a kernel states the names of its parameters in order, a dispatch binds views to
// names, and `addDispatch` brings them into the kernel's order.
#pragma once

#include "passes/targets/DispatchBuilder.h"
#include "passes/targets/KernelSpecs.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cria {

/// A kernel, the parameters of its launch other than the grid, and the function that emits its code.
struct Kernel {
  std::string name;
  KernelLaunch launch;
  std::vector<std::string> operands; ///< names, in the order of the function's parameters
  std::function<void(mlir::ModuleOp)> emit;
};

/// The kernel of a spec; `emit(kernels, spec)` appends its function.
template <typename Spec, typename Emit>
Kernel kernelOf(const Spec &spec, const KernelLaunch &launch, Emit emit) {
  return {spec.name(), launch, spec.bindings(),
          [spec, emit](mlir::ModuleOp kernels) { emit(kernels, spec); }};
}

/// Adds a dispatch of the kernel, whose function is emitted on first use of its name. Emits an error and
/// fails unless each operand of the kernel is bound exactly once.
llvm::LogicalResult addDispatch(DispatchBuilder &builder, const Kernel &kernel, llvm::ArrayRef<GridDim> grid,
                                const Operands &operands);

/// KV cache parameters of a cache value's type.
KvCacheSpec kvCacheSpecOf(llama::KvCacheType type);
KvCacheSpec kvCacheSpecOf(mlir::Value cache);

class OpLowering {
public:
  OpLowering(mlir::Operation *op, DispatchBuilder &builder) : op_(op), builder_(builder) {}
  virtual ~OpLowering() = default;

  /// Adds the dispatches of the op. Emits an error and fails for an op without a kernel.
  llvm::LogicalResult lower();

protected:
  /// A linear layer, fused or not: activation(weight · norm(input)) + residual.
  struct Linear {
    mlir::Value input, weight, normWeight, residual, output;
    float epsilon = 0;
    llama::Activation activation = llama::Activation::none;
    ActivationClass activations = ActivationClass::f32; ///< that llama-assign-activations chose
  };
  /// Attention over rotated queries [rows, heads · headDim].
  struct Attention {
    View query, output, cache;
    std::optional<View> scales; ///< of a cache that has them
    mlir::Value positions, sequences, sequenceStarts, blockTable;
    KvCacheSpec kv;
    int64_t heads;
    float scale;
    int64_t maxPages; ///< columns of the block table
  };

  virtual Kernel kernel(const ElementwiseSpec &spec) const = 0;
  virtual Kernel kernel(const NormSpec &spec) const = 0;
  virtual Kernel kernel(const RopeSpec &spec) const = 0;
  virtual Kernel kernel(const KvAppendSpec &spec) const = 0;
  virtual llvm::LogicalResult lowerOp(llama::EmbeddingOp op) = 0;
  virtual llvm::LogicalResult lowerOp(llama::RmsNormOp op);
  virtual llvm::LogicalResult lowerOp(llama::GatherRowsOp op) = 0;
  virtual llvm::LogicalResult lowerLinear(const Linear &linear) = 0;
  virtual llvm::LogicalResult lowerAttention(const Attention &attention) = 0;
  /// The number of elements of a page for one KV head of one layer.
  virtual int64_t headElements(const KvCacheSpec &kv) const = 0;
  /// Checks the target's own limits of a dispatch; the alignment of bindings is checked for all targets.
  virtual llvm::LogicalResult checkDispatch(const KernelLaunch &launch, llvm::ArrayRef<GridDim> grid,
                                            const Operands &operands) {
    return llvm::success();
  }

  /// The members that the specs of linear layers have in common.
  template <typename Spec> void describe(const Linear &linear, Spec &spec) {
    View output = view(linear.output);
    spec.inputs = columnsOf(linear.input);
    spec.outputs = output.columns();
    spec.activation = linear.activation;
    spec.residual = bool(linear.residual);
    spec.rows = output.rows() == program::kNumOutputs ? ExtentKind::outputs : ExtentKind::tokens;
    spec.residualStride = linear.residual ? strideOf(linear.residual) : 0;
    spec.outputStride = output.strides.front();
  }
  /// Whether an entry point computes at most one row of `value`.
  bool hasOneRow(mlir::Value value) {
    // Steps of one token have at most one row everywhere.
    return view(value).rows() == 1 || builder_.maxTokens() == 1;
  }

  Operands operands() { return Operands(builder_); }
  llvm::LogicalResult dispatch(const Kernel &kernel, llvm::ArrayRef<GridDim> grid, const Operands &operands);
  View view(mlir::Value value) { return builder_.view(value); }
  int64_t strideOf(mlir::Value value) { return view(value).strides.front(); }
  /// Without a buffer for the value.
  static int64_t columnsOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape().back();
  }
  /// One layer of all pages: [P, KV heads, elements of a head].
  View cache(mlir::Value cache, int64_t layer);
  /// The scales of a layer of all pages, if the cache has scales: [P, KV heads, scales of a head].
  std::optional<View> cacheScales(mlir::Value cache, int64_t layer);

  mlir::Operation *op_;
  DispatchBuilder &builder_;

private:
  llvm::LogicalResult lowerOp(llama::LinearOp op);
  llvm::LogicalResult lowerOp(llama::FusedLinearOp op);
  llvm::LogicalResult lowerOp(llama::RopeOp op);
  llvm::LogicalResult lowerOp(llama::KvAppendOp op);
  llvm::LogicalResult lowerOp(llama::AttentionOp op);
  llvm::LogicalResult lowerOp(llama::RopeAttentionOp op);
  llvm::LogicalResult lowerElementwise(ElementwiseSpec::Kind kind);
  template <typename AppendingOp> void writeCache(AppendingOp op, Operands &operands);
  template <typename AttentionOp> llvm::LogicalResult attend(AttentionOp op, const View &query);
};

} // namespace cria
