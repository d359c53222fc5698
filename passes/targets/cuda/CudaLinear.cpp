// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the kernels and grids of linear layers.
#include "passes/targets/cuda/CudaLowering.h"

using namespace mlir;

namespace cria::cuda {

/// The type that tensor cores multiply in a class; nullopt: products are f32.
static std::optional<ElementType> tensorCoreType(ActivationClass activations) {
  switch (activations) {
  case ActivationClass::f16:
    return ElementType::f16;
  case ActivationClass::bf16:
    return ElementType::bf16;
  case ActivationClass::f32:
  case ActivationClass::int8: // not of this target
    return std::nullopt;
  }
  llvm_unreachable("not an enumerator");
}

std::vector<ActivationClass> activationsFor(WeightFormat format) {
  const WeightFormatTraits &traits = traitsOf(format);
  if (multiplies(ActivationClass::bf16, traits)) {
    return {ActivationClass::bf16, ActivationClass::f32};
  }
  const bool isSingle = isDense(traits) && traits.element == ElementType::f32;
  return isSingle ? std::vector{ActivationClass::f32}
                  : std::vector{ActivationClass::f16, ActivationClass::f32};
}

LogicalResult CudaLowering::lowerLinear(const Linear &linear) {
  MatmulSpec spec = {};
  describe(linear, spec);
  spec.weight = builder_.weight(linear.weight).logical.getFormat();
  std::optional<ElementType> input = tensorCoreType(linear.activations);
  bool hasManyRows =
      builder_.maxTokens() > kMaxMatvecRows && view(linear.output).rows() == program::kNumTokens;
  if (!input || !hasManyRows) {
    return lowerToMatvec(linear);
  }
  spec.input = *input;
  return lowerToMatmul(linear, spec);
}

LogicalResult CudaLowering::lowerToMatvec(const Linear &linear) {
  View output = view(linear.output);
  MatvecSpec spec = {};
  describe(linear, spec);
  spec.weight = builder_.weight(linear.weight).logical.getFormat();
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
                   .output = spec.input,
                   .outputWidth = spec.paddedInputs(),
                   .inputStride = input.strides.front()};
  View packed = builder_.temporary("packed", mlirType(builder_.context(), spec.input),
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

LogicalResult CudaLowering::lowerToMatmul(const Linear &linear, const MatmulSpec &spec) {
  View output = view(linear.output);
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
