// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which kernels rotate, append to the KV cache and attend, and over which grids.
#include "passes/targets/cuda/CudaWriter.h"

#include "plugins/api/kernel_abi.h"

using namespace mlir;

namespace cria::cuda {

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
  KvAppendSpec spec{.kv = kvLayoutOf(op.getCache())};
  spec.rotate = true;
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
  bool fits = kv.type == ElementType::f16 && kv.headDim <= FlashAttentionSpec::kMaxHeadDim;
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

} // namespace cria::cuda
