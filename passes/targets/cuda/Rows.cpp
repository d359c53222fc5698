// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that compute one row per block: norm and packing, elementwise operations, table look-up.
#include "passes/targets/cuda/StepRows.h"

using namespace mlir;

namespace cria::cuda {

static void forColumns(DeviceEmitter &e, int64_t width, int64_t threads,
                       llvm::function_ref<void(Index)> body) {
  e.forEach(e.threadId(), e.constant(width), threads, body);
}

//===----------------------------------------------------------------------------------------------------===//
// RMSNorm and packing
//===----------------------------------------------------------------------------------------------------===//

Value emitInverseRms(DeviceEmitter &e, Pointer row, int64_t width, float epsilon, int64_t threads,
                     Pointer scratch) {
  Value sum = e.loop(e.threadId(), e.constant(width), threads, {e.floatConst(0)},
                     [&](Index column, ArrayRef<Value> carried) {
                       Value x = e.load(row, column);
                       return DeviceEmitter::Values{e.fma(x, x, carried[0])};
                     })[0];
  sum = e.sumOverLanes(sum);
  e.ifThen(e.laneId() == 0, [&] { e.store(sum, scratch, e.warpId()); });
  e.barrier();
  Value total = e.load(scratch, e.constant(0));
  for (int64_t warp = 1; warp < threads / kWarp; ++warp) {
    total = e.add(total, e.load(scratch, e.constant(warp)));
  }
  Value mean = e.mul(total, e.floatConst(1.0 / double(width)));
  return e.rsqrt(e.add(mean, e.floatConst(epsilon)));
}

std::string PackSpec::name() const {
  std::string name = llvm::formatv("{0}_d{1}", norm ? "rms_norm" : "pack", width);
  name += norm ? "_e" + floatTag(epsilon) : "";
  name += ("_" + std::string(nameOf(output)));
  appendStride(name, "w", outputWidth, width);
  appendStride(name, "i", inputStride, width);
  appendStride(name, "o", outputStride, strideOf(outputWidth, width));
  return name;
}

std::vector<std::string> PackSpec::bindings() const {
  return norm ? std::vector<std::string>{"input", "weight", "output"}
              : std::vector<std::string>{"input", "output"};
}

void emitPack(ModuleOp kernels, const PackSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32},
                         {"weight", f32},
                         {"output", mlirType(types.getContext(), spec.output), /*written=*/true}},
                        kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  int64_t outputWidth = strideOf(spec.outputWidth, spec.width);
  Pointer input = e.at(kernel.buffer("input"), e.blockId(0) * strideOf(spec.inputStride, spec.width));
  Pointer output = e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, outputWidth));
  Value factor;
  if (spec.norm) {
    factor = emitInverseRms(e, input, spec.width, spec.epsilon, kRowThreads, e.shared(0, f32));
  }
  forColumns(e, spec.width, kRowThreads, [&](Index column) {
    Value x = e.load(input, column);
    if (spec.norm) {
      x = e.mul(e.mul(x, factor), e.load(kernel.buffer("weight"), column));
    }
    e.storeFloat(x, output, column);
  });
  e.forEach(e.threadId() + spec.width, e.constant(outputWidth), kRowThreads,
            [&](Index column) { e.storeFloat(e.floatConst(0), output, column); });
}

//===----------------------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------------------===//

/// One element of the result; a unary operation has no `rhs`.
static Value emitElement(DeviceEmitter &e, ElementwiseSpec::Kind kind, Value lhs, Value rhs) {
  switch (kind) {
  case ElementwiseSpec::Kind::silu:
    return e.silu(lhs);
  case ElementwiseSpec::Kind::mul:
    return e.mul(lhs, rhs);
  case ElementwiseSpec::Kind::add:
    return e.add(lhs, rhs);
  }
  llvm_unreachable("not an enumerator");
}

void emitElementwise(ModuleOp kernels, const ElementwiseSpec &spec) {
  Type f32 = Float32Type::get(kernels.getContext());
  bool unary = spec.isUnary();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32}, {"lhs", f32}, {"rhs", f32}, {"output", f32, /*written=*/true}},
                        kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  auto row = [&](llvm::StringRef name, int64_t stride) {
    return e.at(kernel.buffer(name), e.blockId(0) * strideOf(stride, spec.width));
  };
  Pointer lhs = row(unary ? "input" : "lhs", spec.lhsStride), output = row("output", spec.outputStride);
  Pointer rhs = unary ? lhs : row("rhs", spec.rhsStride);
  forColumns(e, spec.width, kRowThreads, [&](Index column) {
    Value a = e.load(lhs, column), b = unary ? Value() : e.load(rhs, column);
    e.store(emitElement(e, spec.kind, a, b), output, column);
  });
}

//===----------------------------------------------------------------------------------------------------===//
// Look-up
//===----------------------------------------------------------------------------------------------------===//

std::string LookupSpec::name() const {
  std::string name = llvm::formatv("lookup_d{0}_{1}", width, nameOf(table));
  appendStride(name, "i", tableStride, width);
  appendStride(name, "o", outputStride, width);
  return name;
}

void emitLookup(ModuleOp kernels, const LookupSpec &spec) {
  OpBuilder types(kernels.getContext());
  KernelFunction kernel(kernels, spec,
                        {{"rows", types.getI32Type()},
                         {"table", mlirType(types.getContext(), spec.table)},
                         {"output", types.getF32Type(), true}},
                        kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  Index row = e.loadInt(kernel.buffer("rows"), e.blockId(0));
  Pointer from = e.atFar(kernel.buffer("table"), row, spec.tableStride);
  Pointer to = e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, spec.width));
  forColumns(e, spec.width, kRowThreads,
             [&](Index column) { e.store(e.loadFloat(from, column), to, column); });
}

} // namespace cria::cuda
