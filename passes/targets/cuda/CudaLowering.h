// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers one llama op to device kernels. CudaLinear.cpp and CudaAttention.cpp implement linear layers and
// attention.
#pragma once

#include "format/ActivationClass.h"
#include "format/Program.h"
#include "passes/targets/OpLowering.h"
#include "passes/targets/cuda/Kernels.h"

namespace cria::cuda {

class CudaLowering : public OpLowering {
public:
  using OpLowering::OpLowering;

private:
  /// The maximum number of rows for which a matvec is faster than a matmul on tensor cores.
  static constexpr int64_t kMaxMatvecRows = 8;

  Kernel kernel(const ElementwiseSpec &spec) const override;
  Kernel kernel(const NormSpec &spec) const override;
  Kernel kernel(const RopeSpec &spec) const override;
  Kernel kernel(const KvAppendSpec &spec) const override;
  int64_t headElements(const KvCacheSpec &kv) const override { return KvLayout{kv}.headElements(); }
  llvm::LogicalResult lowerOp(llama::EmbeddingOp op) override;
  llvm::LogicalResult lowerOp(llama::GatherRowsOp op) override;
  llvm::LogicalResult lowerLinear(const Linear &linear) override;
  llvm::LogicalResult lowerAttention(const Attention &attention) override;
  llvm::LogicalResult checkDispatch(const KernelLaunch &launch, llvm::ArrayRef<GridDim> grid,
                                    const Operands &operands) override;

  llvm::LogicalResult lowerToMatvec(const Linear &linear);
  llvm::LogicalResult lowerToMatmul(const Linear &linear, const MatmulSpec &spec);
  llvm::FailureOr<View> pack(const Linear &linear, const MatmulSpec &spec);
  llvm::LogicalResult lowerToFlash(const Attention &attention, const AttentionSpec &shape);
  llvm::LogicalResult lowerToSegments(const Attention &attention, const AttentionSpec &shape);
  llvm::LogicalResult merge(const Attention &attention, const SegmentAttentionSpec &spec,
                            const View &partial);

  int64_t largest(int64_t dimension);
};

/// The classes in which weights in a format are multiplied for prompts; the default is the first. For few
/// rows, products are f32.
std::vector<ActivationClass> activationsFor(WeightFormat format);

} // namespace cria::cuda
