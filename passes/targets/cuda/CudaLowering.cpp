// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks the limits of a launch, and chooses the kernels of ops that are computed row by row.
#include "passes/targets/cuda/CudaLowering.h"

#include "passes/targets/cuda/Sm.h"

using namespace mlir;

namespace cria::cuda {

/// The launch of a kernel whose blocks compute one row each.
static constexpr KernelLaunch kRowLaunch{.blockThreads = kRowThreads};

/// The largest value of a dimension: that of the limits for a symbolic one.
int64_t CudaLowering::largest(int64_t extent) {
  int64_t maxTokens = builder_.maxTokens();
  return extent == program::kNumTokens    ? maxTokens
         : extent == program::kNumOutputs ? std::min<int64_t>(maxTokens, builder_.limits().getMaxOutputs())
                                          : extent;
}

/// Kernels count the elements of a step's arrays in 32 bits.
LogicalResult CudaLowering::checkDispatch(const KernelLaunch &launch, ArrayRef<GridDim> grid,
                                          const Operands &operands) {
  constexpr int64_t kMaxGridY = 65535;
  if (launch.scratchBytes > kMaxSharedBytes) {
    return op_->emitOpError() << "kernel needs " << launch.scratchBytes
                              << " bytes of shared memory per block, expected at most " << kMaxSharedBytes;
  }
  for (const GridDim &dim : grid.drop_front()) {
    int64_t blocks = dim.times * int64_t(llvm::divideCeil(largest(dim.of), dim.tile));
    if (blocks > kMaxGridY) {
      return op_->emitOpError() << "grid dimension y is " << blocks << ", expected at most " << kMaxGridY
                                << "; compile with a smaller --max-tokens";
    }
  }
  for (const Binding &binding : operands.bindings()) {
    const View &view = binding.view;
    bool isOfStep = view.rows() == program::kNumTokens || view.rows() == program::kNumOutputs;
    if (isOfStep && largest(view.rows()) * view.strides.front() > INT32_MAX) {
      return op_->emitOpError() << "operand '" << binding.name << "' has " << largest(view.rows())
                                << " rows of " << view.strides.front()
                                << " elements, expected fewer than 2^31 elements; compile with a smaller "
                                   "--max-tokens";
    }
  }
  return success();
}

Kernel CudaLowering::kernel(const ElementwiseSpec &spec) const {
  return kernelOf(spec, kRowLaunch, emitElementwise);
}

Kernel CudaLowering::kernel(const NormSpec &norm) const {
  PackSpec spec{.width = norm.width,
                .norm = true,
                .epsilon = norm.epsilon,
                .inputStride = norm.inputStride,
                .outputStride = norm.outputStride};
  return kernelOf(spec, {spec.sharedBytes(), kRowThreads}, emitPack);
}

Kernel CudaLowering::kernel(const RopeSpec &spec) const { return kernelOf(spec, kRowLaunch, emitRope); }

Kernel CudaLowering::kernel(const KvAppendSpec &spec) const {
  return kernelOf(spec, kRowLaunch, emitKvAppend);
}

LogicalResult CudaLowering::lowerOp(llama::EmbeddingOp op) {
  WeightView table = builder_.weight(op.getTable());
  View output = view(op.getOutput());
  const bool isDenseTable = isDense(table.logical.getFormat());
  LookupSpec spec{.width = output.columns(),
                  .table = table.logical.getFormat(),
                  .tableStride = isDenseTable ? table.logical.getPhysicalLayout().paddedColumns() : 0,
                  .outputStride = output.strides.front()};
  return dispatch(
      kernelOf(spec, kRowLaunch, emitLookup), gridOverRows(output),
      operands().read("rows", op.getTokens()).weight("table", op.getTable()).write("output", output));
}

LogicalResult CudaLowering::lowerOp(llama::GatherRowsOp op) {
  View output = view(op.getOutput());
  LookupSpec spec{.width = output.columns(),
                  .table = WeightFormat::f32,
                  .tableStride = strideOf(op.getInput()),
                  .outputStride = output.strides.front()};
  return dispatch(kernelOf(spec, kRowLaunch, emitLookup), gridOverRows(output),
                  operands().read("rows", op.getRows()).read("table", op.getInput()).write("output", output));
}

} // namespace cria::cuda
