// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which kernels compute linear layers, and over which grids.
#include "passes/targets/cuda/CudaWriter.h"

using namespace mlir;

namespace cria::cuda {

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
         elementTypeOf(builder.weight(linear.weight).type) != ElementType::f32;
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

} // namespace cria::cuda
