// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the kernels and grids of linear layers.
#include "passes/targets/cuda/CudaLowering.h"

using namespace mlir;

namespace cria::cuda {

namespace {
/// A tensor-core kernel: the types of its weights and of its input.
struct MatmulKernel {
  ElementType weight, input;
  ActivationClass activations;
};
constexpr MatmulKernel kMatmulKernels[] = {
    {ElementType::f16, ElementType::f16, ActivationClass::f16},
    {ElementType::bf16, ElementType::bf16, ActivationClass::bf16},
};

/// Null if there is no kernel for such weights.
const MatmulKernel *findMatmulKernel(ElementType weight) {
  const auto *kernel =
      llvm::find_if(kMatmulKernels, [&](const auto &known) { return known.weight == weight; });
  return kernel == std::end(kMatmulKernels) ? nullptr : kernel;
}
} // namespace

ActivationClass activationsFor(WeightFormat format) {
  const MatmulKernel *kernel = findMatmulKernel(traitsOf(format).element);
  return kernel ? kernel->activations : ActivationClass::f32;
}

ActivationClass activationsOf(const Program &program) {
  for (const ProgramWeight &weight : program.weights) {
    const MatmulKernel *kernel = findMatmulKernel(weight.arrays.front().type);
    if (kernel && weight.layout == PhysicalLayout::Kind::rowPadded) {
      return kernel->activations;
    }
  }
  return ActivationClass::f32;
}

LogicalResult CudaLowering::lowerLinear(const Linear &linear) {
  MatmulSpec spec = {};
  describe(linear, spec);
  spec.weight = builder_.weight(linear.weight).logical.getDenseElement();
  const MatmulKernel *kernel = findMatmulKernel(spec.weight);
  bool hasManyRows =
      builder_.maxTokens() > kMaxMatvecRows && view(linear.output).rows() == program::kNumTokens;
  if (!kernel || !hasManyRows) {
    return lowerToMatvec(linear);
  }
  spec.input = kernel->input;
  return lowerToMatmul(linear, spec);
}

LogicalResult CudaLowering::lowerToMatvec(const Linear &linear) {
  View output = view(linear.output);
  MatvecSpec spec = {};
  describe(linear, spec);
  spec.weight = builder_.weight(linear.weight).logical.getDenseElement();
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
