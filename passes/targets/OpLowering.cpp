// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/OpLowering.h"

#include "plugins/api/kernel_abi.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria {

KvCacheSpec kvCacheSpecOf(llama::KvCacheType type) {
  return {type.getLayers(), type.getKvHeads(), type.getHeadDim(), elementTypeOf(type.getElementType())};
}

KvCacheSpec kvCacheSpecOf(Value cache) { return kvCacheSpecOf(cast<llama::KvCacheType>(cache.getType())); }

LogicalResult addDispatch(DispatchBuilder &builder, const Kernel &kernel, ArrayRef<GridDim> grid,
                          const Operands &operands) {
  FailureOr<SmallVector<Binding>> ordered = operands.inOrder(kernel.operands);
  if (failed(ordered)) {
    return failure();
  }
  FailureOr<KernelRef> made = builder.getOrCreateKernel(kernel.name, kernel.launch, [&](OpBuilder &at) {
    kernel.emit(cast<ModuleOp>(at.getInsertionBlock()->getParentOp()));
    return success();
  });
  if (failed(made)) {
    return failure();
  }
  builder.addDispatch(*made, grid, *ordered);
  return success();
}

LogicalResult OpLowering::dispatch(const Kernel &kernel, ArrayRef<GridDim> grid, const Operands &operands) {
  for (const Binding &binding : operands.bindings()) {
    if (binding.view.offset % CRIA_KERNEL_ALIGNMENT != 0) {
      return op_->emitOpError() << "operand slice '" << binding.name << "' is not " << CRIA_KERNEL_ALIGNMENT
                                << "-byte aligned, as the kernels of this op expect";
    }
  }
  if (failed(checkDispatch(kernel.launch, grid, operands))) {
    return failure();
  }
  return addDispatch(builder_, kernel, grid, operands);
}

View OpLowering::cache(Value cache, int64_t layer) {
  KvCacheSpec kv = kvCacheSpecOf(cache);
  int64_t head = headElements(kv);
  return builder_.kvPages(layer * kv.layerBytes(head), {kv.kvHeads, head}, {head, 1});
}

std::optional<View> OpLowering::cacheScales(Value cache, int64_t layer) {
  KvCacheSpec kv = kvCacheSpecOf(cache);
  if (!kv.hasScales()) {
    return std::nullopt;
  }
  const int64_t head = headElements(kv), scales = kv.headScales();
  return builder_.kvPages(layer * kv.layerBytes(head) + kv.layerElementBytes(head), {kv.kvHeads, scales},
                          {scales, 1}, mlirType(builder_.context(), kKvScaleType));
}

/// Binds the cache of an op that appends to it, and its scales.
template <typename AppendingOp> void OpLowering::writeCache(AppendingOp op, Operands &operands) {
  operands.write("cache", cache(op.getCache(), op.getLayer()));
  if (std::optional<View> scales = cacheScales(op.getCache(), op.getLayer())) {
    operands.write("cache.scales", *scales);
  }
}

LogicalResult OpLowering::lowerOp(llama::RmsNormOp op) {
  View output = view(op.getOutput());
  NormSpec spec{.width = output.columns(),
                .epsilon = op.getEpsilon().convertToFloat(),
                .inputStride = strideOf(op.getInput()),
                .outputStride = output.strides.front()};
  return dispatch(
      kernel(spec), gridOverRows(output),
      operands().read("input", op.getInput()).weight("weight", op.getWeight()).write("output", output));
}

LogicalResult OpLowering::lowerOp(llama::LinearOp op) {
  return lowerLinear({.input = op.getInput(),
                      .weight = op.getWeight(),
                      .output = op.getOutput(),
                      .activations = llama::getActivations(op)});
}

LogicalResult OpLowering::lowerOp(llama::FusedLinearOp op) {
  Linear linear{.input = op.getInput(),
                .weight = op.getWeight(),
                .normWeight = op.getNormWeight(),
                .residual = op.getResidual(),
                .output = op.getOutput(),
                .activation = op.getActivation(),
                .activations = llama::getActivations(op)};
  if (op.getNormWeight()) {
    linear.epsilon = op.getEpsilon()->convertToFloat();
  }
  switch (op.getActivation()) {
  case llama::Activation::none:
    break;
  case llama::Activation::swiglu:
    if (op.getSwigluBlock() != llama::kSwigluBlock) {
      return op.emitOpError("expected swiglu_block to be ")
             << llama::kSwigluBlock << " for this target, got " << *op.getSwigluBlock();
    }
    break;
  }
  return lowerLinear(linear);
}

LogicalResult OpLowering::lowerOp(llama::RopeOp op) {
  View output = view(op.getOutput());
  AlignedRows input(view(op.getInput()), CRIA_KERNEL_ALIGNMENT);
  int64_t headDim = op.getHeadDim();
  RopeSpec spec{.heads = output.columns() / headDim,
                .headDim = headDim,
                .inputStride = input.stride,
                .outputStride = output.strides.front(),
                .inputOffset = input.offset};
  return dispatch(kernel(spec), gridOverRows(output),
                  operands()
                      .read("input", input.view)
                      .read("positions", op.getPositions())
                      .weight("table", op.getTable())
                      .write("output", output));
}

LogicalResult OpLowering::lowerOp(llama::KvAppendOp op) {
  AlignedRows key(view(op.getKey()), CRIA_KERNEL_ALIGNMENT),
      value(view(op.getValue()), CRIA_KERNEL_ALIGNMENT);
  KvAppendSpec spec{.kv = kvCacheSpecOf(op.getCache()),
                    .keyStride = key.stride,
                    .valueStride = value.stride,
                    .keyOffset = key.offset,
                    .valueOffset = value.offset};
  Operands bound = operands().read("key", key.view).read("value", value.view).read("slots", op.getSlots());
  writeCache(op, bound);
  return dispatch(kernel(spec), gridOverRows(view(op.getKey())), bound);
}

/// Lowers attention on rotated queries.
template <typename AttentionOp> LogicalResult OpLowering::attend(AttentionOp op, const View &query) {
  View output = view(op.getOutput());
  KvCacheSpec kv = kvCacheSpecOf(op.getCache());
  return lowerAttention({.query = query,
                         .output = output,
                         .cache = cache(op.getCache(), op.getLayer()),
                         .scales = cacheScales(op.getCache(), op.getLayer()),
                         .positions = op.getPositions(),
                         .sequences = op.getSequences(),
                         .sequenceStarts = op.getSequenceStarts(),
                         .blockTable = op.getBlockTable(),
                         .kv = kv,
                         .heads = output.columns() / kv.headDim,
                         .scale = op.getScale().convertToFloat(),
                         .maxPages = view(op.getBlockTable()).columns()});
}

LogicalResult OpLowering::lowerOp(llama::AttentionOp op) { return attend(op, view(op.getQuery())); }

/// Stores rotated queries in a buffer, and rotated keys and the values in the cache; then attention reads
/// both.
LogicalResult OpLowering::lowerOp(llama::RopeAttentionOp op) {
  SmallVector<View> projections = builder_.projections(op);
  AlignedRows query(projections[0], CRIA_KERNEL_ALIGNMENT), key(projections[1], CRIA_KERNEL_ALIGNMENT),
      value(projections[2], CRIA_KERNEL_ALIGNMENT);
  View rotated = builder_.temporary("rotated_query", projections[0].type, projections[0].shape);
  KvCacheSpec kv = kvCacheSpecOf(op.getCache());
  KvAppendSpec spec{.kv = kv,
                    .rotate = true,
                    .heads = rotated.columns() / kv.headDim,
                    .queryStride = query.stride,
                    .keyStride = key.stride,
                    .valueStride = value.stride,
                    .queryOffset = query.offset,
                    .keyOffset = key.offset,
                    .valueOffset = value.offset};
  Operands bound = operands()
                       .read("query", query.view)
                       .read("key", key.view)
                       .read("value", value.view)
                       .weight("table", op.getTable())
                       .read("positions", op.getPositions())
                       .read("slots", op.getSlots())
                       .write("output", rotated);
  writeCache(op, bound);
  return failed(dispatch(kernel(spec), gridOverRows(rotated), bound)) ? failure() : attend(op, rotated);
}

LogicalResult OpLowering::lowerElementwise(ElementwiseSpec::Kind kind) {
  View output = view(op_->getResult(0));
  ElementwiseSpec spec{.kind = kind,
                       .width = output.columns(),
                       .lhsStride = strideOf(op_->getOperand(0)),
                       .outputStride = output.strides.front()};
  Operands bound = operands();
  if (spec.isUnary()) {
    bound.read("input", op_->getOperand(0));
  } else {
    spec.rhsStride = strideOf(op_->getOperand(1));
    bound.read("lhs", op_->getOperand(0)).read("rhs", op_->getOperand(1));
  }
  return dispatch(kernel(spec), gridOverRows(output), bound.write("output", output));
}

LogicalResult OpLowering::lower() {
  using Kind = ElementwiseSpec::Kind;
  return llvm::TypeSwitch<Operation *, LogicalResult>(op_)
      .Case<llama::EmbeddingOp, llama::RmsNormOp, llama::LinearOp, llama::FusedLinearOp, llama::RopeOp,
            llama::KvAppendOp, llama::AttentionOp, llama::RopeAttentionOp, llama::GatherRowsOp>(
          [&](auto typed) { return lowerOp(typed); })
      .Case<llama::SiluOp>([&](auto) { return lowerElementwise(Kind::silu); })
      .Case<llama::MulOp>([&](auto) { return lowerElementwise(Kind::mul); })
      .Case<llama::AddOp>([&](auto) { return lowerElementwise(Kind::add); })
      .Default([](Operation *other) { return other->emitOpError("has no kernel for this target"); });
}

} // namespace cria
