// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the kernels and grids of linear layers.
#include "passes/targets/cuda/CudaLowering.h"

using namespace mlir;

namespace cria::cuda {

bool CudaLowering::isForTensorCores(const Linear &linear) {
  return builder_.maxTokens() > kMaxMatvecRows && view(linear.output).rows() == program::kExtentT &&
         elementTypeOf(builder_.weight(linear.weight).type) != ElementType::f32;
}

LogicalResult CudaLowering::lowerLinear(const Linear &linear) {
  return isForTensorCores(linear) ? lowerToMatmul(linear) : lowerToMatvec(linear);
}

LogicalResult CudaLowering::lowerToMatvec(const Linear &linear) {
  View output = view(linear.output);
  MatvecSpec spec = {};
  describe(linear, spec);
  spec.norm = bool(linear.normWeight);
  spec.epsilon = linear.epsilon;
  spec.singleRow = hasOneRow(linear.output);
  spec.inputStride = strideOf(linear.input);
  Operands bound = operands().read("input", linear.input).weight("weight", linear.weight);
  if (linear.normWeight) {
    bound.weight("norm_weight", linear.normWeight);
  }
  if (linear.residual) {
    bound.read("residual", linear.residual);
  }
  bound.write("output", output);
  if (!spec.singleRow) {
    bound.read("step", builder_.stepHeader());
  }
  GridDim groups{.times = int64_t(llvm::divideCeil(spec.outputs, spec.outputsPerBlock()))};
  return dispatch(kernelOf(spec, {spec.sharedBytes(), spec.blockThreads()}, emitMatvec),
                  {gridOverRows(output, spec.tileRows()), groups}, bound);
}

/// Converts the rows of the input to the input type of the matmul, padded to its tiles, after the norm if
/// there is one.
FailureOr<View> CudaLowering::pack(const Linear &linear, const MatmulSpec &spec) {
  View input = view(linear.input);
  PackSpec packing{.width = input.columns(),
                   .norm = bool(linear.normWeight),
                   .epsilon = linear.epsilon,
                   .output = spec.inputType(),
                   .outputWidth = spec.paddedInputs(),
                   .inputStride = input.strides.front()};
  View packed = builder_.temporary("packed", mlirType(builder_.context(), spec.inputType()),
                                   {input.rows(), spec.paddedInputs()});
  Operands bound = operands().read("input", input);
  if (linear.normWeight) {
    bound.weight("weight", linear.normWeight);
  }
  if (failed(dispatch(kernelOf(packing, {packing.sharedBytes(), kRowThreads}, emitPack), gridOverRows(input),
                      bound.write("output", packed)))) {
    return failure();
  }
  return packed;
}

LogicalResult CudaLowering::lowerToMatmul(const Linear &linear) {
  View output = view(linear.output);
  MatmulSpec spec = {};
  describe(linear, spec);
  FailureOr<View> packed = pack(linear, spec);
  if (failed(packed)) {
    return failure();
  }
  Operands bound = operands().read("input", *packed).weight("weight", linear.weight);
  if (linear.residual) {
    bound.read("residual", linear.residual);
  }
  bound.write("output", output).read("step", builder_.stepHeader());
  GridDim columns{.times = int64_t(llvm::divideCeil(spec.weightRows(), MatmulSpec::kTileColumns))};
  return dispatch(kernelOf(spec, {spec.sharedBytes(), spec.blockThreads()}, emitMatmul),
                  {gridOverRows(output, MatmulSpec::kTileRows), columns}, bound);
}

} // namespace cria::cuda
