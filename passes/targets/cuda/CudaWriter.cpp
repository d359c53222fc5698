// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which kernels compute an op, and over which grids.
#include "passes/targets/cuda/CudaWriter.h"

#include "passes/targets/cuda/Sm.h"
#include "plugins/api/kernel_abi.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria::cuda {

using program::Access;

// Up to so many rows a matrix is better read once than multiplied on tensor cores.
static constexpr int64_t kMaxMatvecRows = 8;

KvLayout kvLayoutOf(llama::KvCacheType type) {
  return {type.getLayers(), type.getKvHeads(), type.getHeadDim(), elementTypeOf(type.getElementType())};
}

static KvLayout kvLayoutOf(Value cache) { return kvLayoutOf(cast<llama::KvCacheType>(cache.getType())); }

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
  return builder.kvPages(layer * kv.layerElements() * bytesOf(kv.type), {kv.kvHeads, kv.headElements()},
                         {kv.headElements(), 1});
}

//===--------------------------------------------------------------------------------------------------------===//
// Rows
//===--------------------------------------------------------------------------------------------------------===//

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
                  .table = ElementType::F32,
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

//===--------------------------------------------------------------------------------------------------------===//
// Linear layers
//===--------------------------------------------------------------------------------------------------------===//

LogicalResult CudaWriter::emitOp(llama::LinearOp op) {
  return emitLinear({.input = op.getInput(), .weight = op.getWeight(), .output = op.getOutput()});
}

LogicalResult CudaWriter::emitOp(llama::FusedLinearOp op) {
  Linear linear{.input = op.getInput(),
                .weight = op.getWeight(),
                .normWeight = op.getNormWeight(),
                .residual = op.getResidual(),
                .output = op.getOutput()};
  if (op.getNormWeight()) {
    linear.epsilon = op.getEpsilon()->convertToFloat();
  }
  if (op.getActivation() == llama::Activation::swiglu) {
    if (op.getSwigluBlock() != kSwigluBlock) {
      return op.emitOpError("expected swiglu_block to be ")
             << kSwigluBlock << " for this target, got " << *op.getSwigluBlock();
    }
    linear.activation = Activation::Swiglu;
  }
  return emitLinear(linear);
}

bool CudaWriter::isForTensorCores(const Linear &linear) {
  return builder.maxTokens() > kMaxMatvecRows && view(linear.output).rows() == program::kExtentT &&
         elementTypeOf(builder.weight(linear.weight).type) != ElementType::F32;
}

LogicalResult CudaWriter::emitLinear(const Linear &linear) {
  return isForTensorCores(linear) ? emitMatmuls(linear) : emitMatvecs(linear);
}

LogicalResult CudaWriter::emitMatvecs(const Linear &linear) {
  WeightView weight = builder.weight(linear.weight);
  View x = view(linear.input), y = view(linear.output);
  MatvecSpec spec{.inputs = x.columns(),
                  .outputs = y.columns(),
                  .weight = elementTypeOf(weight.type),
                  .activation = linear.activation,
                  .residual = bool(linear.residual),
                  .norm = bool(linear.normWeight),
                  .epsilon = linear.epsilon};
  spec.rows = y.rows() == program::kExtentR ? RowCount::Outputs : RowCount::Tokens;
  // Steps of one token have at most one row everywhere.
  spec.singleRow = y.rows() == 1 || builder.maxTokens() == 1;
  spec.inputStride = x.strides.front();
  spec.outputStride = y.strides.front();
  SmallVector<View> views = {x, weight};
  if (linear.normWeight) {
    views.push_back(builder.weight(linear.normWeight));
  }
  if (linear.residual) {
    views.push_back(view(linear.residual));
    spec.residualStride = strideOf(linear.residual);
  }
  views.push_back(y);
  if (!spec.singleRow) {
    views.push_back(builder.stepHeader());
  }
  GridDim groups{.times = int64_t(llvm::divideCeil(spec.outputs, spec.outputsPerBlock()))};
  auto emit = [&](ModuleOp kernels) { emitMatvec(kernels, spec); };
  return dispatch({spec.name(), {spec.sharedBytes(), spec.blockThreads()}, spec.bindings(), emit},
                  {gridOverRows(y, spec.tileRows()), groups}, views, {"output"});
}

/// The input is packed first, through the norm where there is one.
LogicalResult CudaWriter::emitMatmuls(const Linear &linear) {
  WeightView weight = builder.weight(linear.weight);
  View x = view(linear.input), y = view(linear.output);
  MatmulSpec spec{.inputs = x.columns(),
                  .outputs = y.columns(),
                  .weight = elementTypeOf(weight.type),
                  .activation = linear.activation,
                  .residual = bool(linear.residual)};
  spec.outputStride = y.strides.front();
  PackSpec pack{.width = x.columns(),
                .norm = bool(linear.normWeight),
                .epsilon = linear.epsilon,
                .output = spec.weight,
                .outputWidth = spec.paddedInputs(),
                .inputStride = x.strides.front()};
  View packed = builder.temporary("packed", weight.type, {x.rows(), spec.paddedInputs()});
  SmallVector<View> packViews = {x};
  if (linear.normWeight) {
    packViews.push_back(builder.weight(linear.normWeight));
  }
  packViews.push_back(packed);
  auto emitPacking = [&](ModuleOp kernels) { emitPack(kernels, pack); };
  if (failed(dispatch({pack.name(), {pack.sharedBytes(), kRowThreads}, pack.bindings(), emitPacking},
                      {gridOverRows(x)}, packViews, {"output"}))) {
    return failure();
  }
  SmallVector<View> views = {packed, weight};
  if (linear.residual) {
    views.push_back(view(linear.residual));
    spec.residualStride = strideOf(linear.residual);
  }
  views.append({y, builder.stepHeader()});
  GridDim columns{.times = int64_t(llvm::divideCeil(spec.weightRows(), MatmulSpec::kTileColumns))};
  auto emit = [&](ModuleOp kernels) { emitMatmul(kernels, spec); };
  return dispatch({spec.name(), {spec.sharedBytes(), spec.blockThreads()}, spec.bindings(), emit},
                  {gridOverRows(y, MatmulSpec::kTileRows), columns}, views, {"output"});
}

//===--------------------------------------------------------------------------------------------------------===//
// Attention
//===--------------------------------------------------------------------------------------------------------===//

LogicalResult CudaWriter::emitOp(llama::RopeOp op) {
  View output = view(op.getOutput());
  AlignedRows input(view(op.getInput()), CRIA_KERNEL_ALIGNMENT);
  int64_t headDim = op.getHeadDim();
  RopeSpec spec{.heads = output.columns() / headDim,
                .headDim = headDim,
                .inputStride = input.stride,
                .outputStride = output.strides.front(),
                .inputOffset = input.offset};
  auto emit = [&](ModuleOp kernels) { emitRope(kernels, spec); };
  return dispatch({spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(output)},
                  {input.view, view(op.getPositions()), builder.weight(op.getTable()), output}, {"output"});
}

LogicalResult CudaWriter::emitOp(llama::KvAppendOp op) {
  AlignedRows key(view(op.getKey()), CRIA_KERNEL_ALIGNMENT);
  AlignedRows value(view(op.getValue()), CRIA_KERNEL_ALIGNMENT);
  KvAppendSpec spec{.kv = kvLayoutOf(op.getCache())};
  spec.keyStride = key.stride, spec.keyOffset = key.offset;
  spec.valueStride = value.stride, spec.valueOffset = value.offset;
  auto emit = [&](ModuleOp kernels) { emitKvAppend(kernels, spec); };
  return dispatch(
      {spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(view(op.getKey()))},
      {key.view, value.view, view(op.getSlots()), cache(op.getCache(), op.getLayer())}, {"cache"});
}

/// Rotated queries go to a buffer, rotated keys and the values into the cache; then attention reads both.
LogicalResult CudaWriter::emitOp(llama::RopeAttentionOp op) {
  SmallVector<View> projections = builder.projections(op);
  AlignedRows query(projections[0], CRIA_KERNEL_ALIGNMENT), key(projections[1], CRIA_KERNEL_ALIGNMENT),
      value(projections[2], CRIA_KERNEL_ALIGNMENT);
  View rotated = builder.temporary("rotated_query", projections[0].type, projections[0].shape);
  KvAppendSpec spec{.kv = kvLayoutOf(op.getCache()), .rotate = true};
  spec.heads = rotated.columns() / spec.kv.headDim;
  spec.queryStride = query.stride, spec.queryOffset = query.offset;
  spec.keyStride = key.stride, spec.keyOffset = key.offset;
  spec.valueStride = value.stride, spec.valueOffset = value.offset;
  auto emit = [&](ModuleOp kernels) { emitKvAppend(kernels, spec); };
  LogicalResult appended =
      dispatch({spec.name(), {.blockThreads = kRowThreads}, spec.bindings(), emit}, {gridOverRows(rotated)},
               {query.view, key.view, value.view, builder.weight(op.getTable()), view(op.getPositions()),
                view(op.getSlots()), cache(op.getCache(), op.getLayer()), rotated},
               {"cache", "output"});
  return failed(appended) ? failure() : emitAttention(op, rotated);
}

LogicalResult CudaWriter::emitOp(llama::AttentionOp op) { return emitAttention(op, view(op.getQuery())); }

/// Attention on queries that are rotated already.
template <typename AttentionLikeOp>
LogicalResult CudaWriter::emitAttention(AttentionLikeOp op, const View &query) {
  View output = view(op.getOutput());
  KvLayout kv = kvLayoutOf(op.getCache());
  if (kv.headDim > KvLayout::kMaxHeadDim) {
    return op.emitOpError("expected head_dim of at most ")
           << KvLayout::kMaxHeadDim << " for this target, got " << kv.headDim;
  }
  AttentionShape shape{.kv = kv,
                       .heads = output.columns() / kv.headDim,
                       .scale = op.getScale().convertToFloat(),
                       .maxPages = view(op.getBlockTable()).columns(),
                       .queryStride = query.strides.front(),
                       .outputStride = output.strides.front()};
  bool manyRows = builder.maxTokens() > kMaxMatvecRows && output.rows() == program::kExtentT;
  bool fits = kv.type == ElementType::F16 && kv.headDim <= FlashAttentionSpec::kMaxHeadDim;
  return manyRows && fits ? emitFlash(op, shape, query) : emitSegments(op, shape, query);
}

template <typename AttentionLikeOp>
LogicalResult CudaWriter::emitFlash(AttentionLikeOp op, const AttentionShape &shape, const View &query) {
  FlashAttentionSpec spec{shape};
  View output = view(op.getOutput());
  auto emit = [&](ModuleOp kernels) { emitFlashAttention(kernels, spec); };
  return dispatch({spec.name(), {spec.sharedBytes(), spec.blockThreads()}, spec.bindings(), emit},
                  {{.times = spec.heads / spec.headTile()}, gridOverRows(output, spec.tokensPerTile())},
                  {query, view(op.getPositions()), view(op.getSequences()), view(op.getSequenceStarts()),
                   view(op.getBlockTable()), cache(op.getCache(), op.getLayer()), output,
                   builder.stepHeader()},
                  {"output"});
}

template <typename AttentionLikeOp>
LogicalResult CudaWriter::emitSegments(AttentionLikeOp op, const AttentionShape &shape, const View &query) {
  SegmentAttentionSpec spec{shape};
  View output = view(op.getOutput());
  View partial = builder.temporary("partial", query.type, {output.rows(), spec.partialWidth()});
  auto emit = [&](ModuleOp kernels) { emitSegmentAttention(kernels, spec); };
  LogicalResult split =
      dispatch({spec.name(), {spec.sharedBytes(), spec.blockThreads()}, spec.bindings(), emit},
               {{.times = spec.segments() * spec.heads / spec.headTile()}, gridOverRows(output)},
               {query, view(op.getPositions()), view(op.getSequences()), view(op.getBlockTable()),
                cache(op.getCache(), op.getLayer()), partial},
               {"partial"});
  if (failed(split)) {
    return failure();
  }
  MergeSegmentsSpec merge{.heads = spec.heads,
                          .headDim = spec.kv.headDim,
                          .segments = spec.segments(),
                          .outputStride = output.strides.front()};
  auto emitMerge = [&](ModuleOp kernels) { emitMergeSegments(kernels, merge); };
  return dispatch({merge.name(), {.blockThreads = merge.blockThreads()}, merge.bindings(), emitMerge},
                  {{.times = merge.heads}, gridOverRows(output)},
                  {partial, view(op.getPositions()), view(op.getSequences()), output}, {"output"});
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
