// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the kernels and grids of attention.
#include "passes/targets/cuda/CudaLowering.h"

using namespace mlir;

namespace cria::cuda {

LogicalResult CudaLowering::lowerAttention(const Attention &attention) {
  if (attention.kv.headDim > KvLayout::kMaxHeadDim) {
    return op_->emitOpError("expected head_dim of at most ")
           << KvLayout::kMaxHeadDim << " for this target, got " << attention.kv.headDim;
  }
  AttentionSpec shape{.kv = {attention.kv},
                      .heads = attention.heads,
                      .scale = attention.scale,
                      .maxPages = attention.maxPages,
                      .queryStride = attention.query.strides.front(),
                      .outputStride = attention.output.strides.front()};
  bool manyRows = builder_.maxTokens() > kMaxMatvecRows && attention.output.rows() == program::kNumTokens;
  bool fits =
      attention.kv.type == ElementType::f16 && attention.kv.headDim <= FlashAttentionSpec::kMaxHeadDim;
  return manyRows && fits ? lowerToFlash(attention, shape) : lowerToSegments(attention, shape);
}

LogicalResult CudaLowering::lowerToFlash(const Attention &attention, const AttentionSpec &shape) {
  FlashAttentionSpec spec{shape};
  return dispatch(
      kernelOf(spec, {spec.sharedBytes(), spec.blockThreads()}, emitFlashAttention),
      {{.times = spec.heads / spec.headTile()}, gridOverRows(attention.output, spec.tokensPerTile())},
      operands()
          .read("query", attention.query)
          .read("positions", attention.positions)
          .read("sequences", attention.sequences)
          .read("sequence_starts", attention.sequenceStarts)
          .read("block_table", attention.blockTable)
          .read("cache", attention.cache)
          .write("output", attention.output)
          .read("step", builder_.stepHeader()));
}

LogicalResult CudaLowering::lowerToSegments(const Attention &attention, const AttentionSpec &shape) {
  SegmentAttentionSpec spec{shape};
  View partial =
      builder_.temporary("partial", attention.query.type,
                         {attention.output.rows(), spec.heads, spec.segments(), spec.kv.headDim + 2});
  LogicalResult split =
      dispatch(kernelOf(spec, {spec.sharedBytes(), spec.blockThreads()}, emitSegmentAttention),
               {{.times = spec.segments() * spec.heads / spec.headTile()}, gridOverRows(attention.output)},
               operands()
                   .read("query", attention.query)
                   .read("positions", attention.positions)
                   .read("sequences", attention.sequences)
                   .read("block_table", attention.blockTable)
                   .read("cache", attention.cache)
                   .write("partial", partial));
  return failed(split) ? failure() : merge(attention, spec, partial);
}

LogicalResult CudaLowering::merge(const Attention &attention, const SegmentAttentionSpec &split,
                                  const View &partial) {
  MergeSegmentsSpec spec{.heads = split.heads,
                         .headDim = split.kv.headDim,
                         .segments = split.segments(),
                         .outputStride = attention.output.strides.front()};
  return dispatch(kernelOf(spec, {.blockThreads = spec.blockThreads()}, emitMergeSegments),
                  {{.times = spec.heads}, gridOverRows(attention.output)},
                  operands()
                      .read("partial", partial)
                      .read("positions", attention.positions)
                      .read("sequences", attention.sequences)
                      .write("output", attention.output));
}

} // namespace cria::cuda
