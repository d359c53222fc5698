// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What linear kernels of all weights have in common: names, bindings and sizes.
#include "passes/targets/cpu/PackedRow.h"
#include "passes/targets/cpu/WeightKernels.h"

using namespace mlir;

namespace cria::cpu {

int64_t LinearSpec::weightRows() const {
  return activation == llama::Activation::none ? outputs : 2 * llvm::alignTo(outputs, kLanes);
}

std::string LinearSpec::name() const {
  std::string name = llvm::formatv("linear_k{0}_n{1}_{2}", inputs, outputs, nameOf(weight));
  name += hasBfloatInputs() ? "_by_bf16" : "";
  appendActivation(name, activation);
  name += residual ? "_residual" : "";
  appendStride(name, "i", inputStride, inputs);
  appendStride(name, "r", residualStride, outputs);
  appendStride(name, "o", outputStride, outputs);
  if (singleRow) {
    return name + "_row";
  }
  appendRows(name, rows);
  return name;
}

std::vector<std::string> LinearSpec::bindings() const {
  std::vector<std::string> names = {"input", "weight"};
  if (residual) {
    names.push_back("residual");
  }
  names.push_back("output");
  if (!singleRow) {
    names.push_back("step");
  }
  return names;
}

int64_t LinearSpec::rowsPerWorkgroup() const {
  return singleRow ? 1 : isDense(weight) ? denseLinearRows() : codedLinearRows();
}

int64_t LinearSpec::scratchBytes() const {
  if (!isDense(weight)) {
    return codedLinearScratch(*this);
  }
  return singleRow ? 0 : denseLinearScratch();
}

void emitLinear(ModuleOp kernels, const Isa &isa, const LinearSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  const WeightFormatTraits &format = traitsOf(spec.weight);
  Type weight = elementOfWeight(types, spec.weight);
  KernelFunction kernel(kernels, spec,
                        {{"input", isDense(format) ? f32 : i32},
                         {"weight", weight},
                         {"residual", f32},
                         {"output", f32, /*written=*/true},
                         {"step", i32}});
  (isDense(format) ? emitDenseLinear : emitCodedLinear)(kernel, isa, spec);
}

} // namespace cria::cpu
