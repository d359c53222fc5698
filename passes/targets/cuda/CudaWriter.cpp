// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all dispatches share, and the kernels of ops that go row by row; CudaLinear.cpp and CudaAttention.cpp
// have the others.
#include "passes/targets/cuda/CudaWriter.h"

#include "passes/targets/cuda/Sm.h"
#include "plugins/api/kernel_abi.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria::cuda {

using program::Access;

KvLayout kvLayoutOf(llama::KvCacheType type) {
  return {type.getLayers(), type.getKvHeads(), type.getHeadDim(), elementTypeOf(type.getElementType())};
}

KvLayout kvLayoutOf(Value cache) { return kvLayoutOf(cast<llama::KvCacheType>(cache.getType())); }

// Rows of a step at most; other extents as they are.
int64_t CudaWriter::largest(int64_t extent) {
  return extent == program::kExtentT ? builder.maxTokens()
         : extent == program::kExtentR
             ? std::min<int64_t>(builder.maxTokens(), builder.limits().getMaxOutputs())
             : extent;
}

/// Kernels count the elements of a step's arrays in 32 bits, and a grid has few blocks along y.
LogicalResult CudaWriter::checkExtents(ArrayRef<GridDim> grid, ArrayRef<View> views) {
  constexpr int64_t kMaxBlocksAlongY = 65535;
  for (const GridDim &dim : grid.drop_front()) {
    int64_t blocks = dim.times * int64_t(llvm::divideCeil(largest(dim.of), dim.tile));
    if (blocks > kMaxBlocksAlongY) {
      return op->emitOpError() << "needs " << blocks << " rows of blocks of the " << kMaxBlocksAlongY
                               << " that a card has; compile with a smaller --max-tokens";
    }
  }
  for (const View &view : views) {
    bool isOfStep = view.rows() == program::kExtentT || view.rows() == program::kExtentR;
    if (isOfStep && largest(view.rows()) * view.strides.front() > INT32_MAX) {
      return op->emitOpError() << "has " << largest(view.rows()) << " rows of " << view.strides.front()
                               << " elements, more than 2^31; compile with a smaller --max-tokens";
    }
  }
  return success();
}

LogicalResult CudaWriter::dispatch(const Kernel &kernel, ArrayRef<GridDim> grid, ArrayRef<View> views,
                                   ArrayRef<StringRef> written) {
  if (kernel.launch.scratchBytes > kMaxSharedBytes) {
    return op->emitOpError() << "needs " << kernel.launch.scratchBytes
                             << " bytes of shared memory in a block, of " << kMaxSharedBytes
                             << " that every card has";
  }
  if (failed(checkExtents(grid, views))) {
    return failure();
  }
  FailureOr<KernelRef> made = builder.getOrCreateKernel(kernel.name, kernel.launch, [&](OpBuilder &at) {
    kernel.emit(cast<ModuleOp>(at.getInsertionBlock()->getParentOp()));
    return success();
  });
  if (failed(made)) {
    return failure();
  }
  SmallVector<Binding> bindings;
  for (auto [name, view] : llvm::zip_equal(kernel.bindings, views)) {
    if (view.offset % CRIA_KERNEL_ALIGNMENT != 0) {
      return op->emitOpError() << "takes a slice of columns that does not begin at a multiple of "
                               << CRIA_KERNEL_ALIGNMENT << " bytes; the kernels of this op need that";
    }
    bindings.push_back({name, view, llvm::is_contained(written, name) ? Access::write : Access::read});
  }
  builder.addDispatch(*made, grid, bindings);
  return success();
}

View CudaWriter::cache(Value value, int64_t layer) {
  KvLayout kv = kvLayoutOf(value);
  return builder.kvPages(layer * kv.layerElements() * int64_t(sizeOf(kv.type)), {kv.kvHeads, kv.headElements()},
                         {kv.headElements(), 1});
}

LogicalResult CudaWriter::emitOp(llama::EmbeddingOp op) {
  WeightView table = builder.weight(op.getTable());
  View output = view(op.getOutput());
  LookupSpec spec{.width = output.columns(),
                  .table = elementTypeOf(table.type),
                  .tableStride = table.logical.getPhysicalLayout().paddedColumns(),
                  .outputStride = output.strides.front()};
  auto emit = [&](ModuleOp kernels) { emitLookup(kernels, spec); };
  return dispatch({spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(output)},
                  {view(op.getTokens()), table, output}, {"output"});
}

LogicalResult CudaWriter::emitOp(llama::GatherRowsOp op) {
  View output = view(op.getOutput());
  LookupSpec spec{.width = output.columns(),
                  .table = ElementType::f32,
                  .tableStride = strideOf(op.getInput()),
                  .outputStride = output.strides.front()};
  auto emit = [&](ModuleOp kernels) { emitLookup(kernels, spec); };
  return dispatch({spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(output)},
                  {view(op.getRows()), view(op.getInput()), output}, {"output"});
}

LogicalResult CudaWriter::emitOp(llama::RmsNormOp op) {
  View output = view(op.getOutput());
  PackSpec spec{.width = output.columns(),
                .norm = true,
                .epsilon = op.getEpsilon().convertToFloat(),
                .inputStride = strideOf(op.getInput()),
                .outputStride = output.strides.front()};
  auto emit = [&](ModuleOp kernels) { emitPack(kernels, spec); };
  return dispatch({spec.name(), {spec.sharedBytes(), kRowThreads}, spec.bindings(), emit},
                  {gridOverRows(output)}, {view(op.getInput()), builder.weight(op.getWeight()), output},
                  {"output"});
}

LogicalResult CudaWriter::emitElementwise(ElementwiseSpec::Kind kind) {
  View output = view(op->getResult(0));
  ElementwiseSpec spec{.kind = kind, .width = output.columns(), .outputStride = output.strides.front()};
  spec.lhsStride = strideOf(op->getOperand(0));
  SmallVector<View> views = {view(op->getOperand(0))};
  if (kind != ElementwiseSpec::Kind::Silu) {
    spec.rhsStride = strideOf(op->getOperand(1));
    views.push_back(view(op->getOperand(1)));
  }
  views.push_back(output);
  auto emit = [&](ModuleOp kernels) { cuda::emitElementwise(kernels, spec); };
  return dispatch({spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(output)},
                  views, {"output"});
}

LogicalResult CudaWriter::emit() {
  using Kind = ElementwiseSpec::Kind;
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<llama::EmbeddingOp, llama::RmsNormOp, llama::LinearOp, llama::FusedLinearOp, llama::RopeOp,
            llama::KvAppendOp, llama::AttentionOp, llama::RopeAttentionOp, llama::GatherRowsOp>(
          [&](auto typed) { return emitOp(typed); })
      .Case<llama::SiluOp>([&](auto) { return emitElementwise(Kind::Silu); })
      .Case<llama::MulOp>([&](auto) { return emitElementwise(Kind::Mul); })
      .Case<llama::AddOp>([&](auto) { return emitElementwise(Kind::Add); })
      .Default([](Operation *other) { return other->emitOpError("has no kernel for this target"); });
}

} // namespace cria::cuda
