// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounds rows of activations for class bf16 (roundToBf16() of format/ActivationProduct.h): to words of f32,
// or to words of two columns where the processor multiplies those.
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/PackedRow.h"
#include "passes/targets/cpu/StepRows.h"

using namespace mlir;

namespace cria::cpu {

/// 16 floats as bits, rounded to nearest even in their upper halves; the lower ones are 0. Subnormal numbers
/// become zeros, NaN becomes quiet.
static Value roundedBits(Emitter &e, Value values) {
  Value bits = e.bitcast(values, e.vectorOf(e.i32()));
  auto below = [&](Value a, int64_t limit) {
    return Value(arith::CmpIOp::create(e, arith::CmpIPredicate::ult, a, e.splatInt(limit)));
  };
  Value odd = e.andInt(e.shiftRight(bits, 16), e.splatInt(1));
  Value rounded = e.addInt(e.addInt(bits, odd), e.splatInt(0x7FFF));
  Value magnitude = e.andInt(bits, e.splatInt(0x7FFFFFFF));
  Value number = e.select(below(magnitude, 0x7F800001), rounded, e.orInt(bits, e.splatInt(0x00400000)));
  Value sign = e.andInt(bits, e.splatInt(int32_t(0x80000000)));
  return e.andInt(e.select(below(magnitude, 0x00800000), sign, number), e.splatInt(int32_t(0xFFFF0000)));
}

int64_t PackBfloatSpec::words() const {
  return llvm::alignTo(pairs ? llvm::divideCeil(columns, 2) : llvm::alignTo(columns, 2),
                       PackedRow::kRowMultiple);
}

std::string PackBfloatSpec::name() const {
  std::string name = llvm::formatv("pack_bf16{0}_k{1}", pairs ? "_pairs" : "", columns);
  appendStride(name, "i", inputStride, columns);
  return name;
}

void emitPackBfloat(ModuleOp kernels, const PackBfloatSpec &spec) {
  OpBuilder types(kernels.getContext());
  KernelFunction kernel(kernels, spec, {{"input", types.getF32Type()}, {"output", types.getF32Type(), true}});
  Emitter &e = kernel.emitter();
  Index in = kernel.x() * strideOf(spec.inputStride, spec.columns), out = kernel.x() * spec.words();
  forColumns(e, spec.columns, [&](Index column, int64_t count) {
    Value bits = roundedBits(e, e.load(kernel.buffer("input"), in + column, count));
    if (!spec.pairs) {
      e.store(e.bitcast(bits, e.vectorOf(e.f32())), kernel.buffer("output"), out + column);
      return;
    }
    Value halves = e.resizeInt(e.shiftRight(bits, 16), 16, /*isSigned=*/false);
    e.storeRaw(e.bitcast(halves, e.vectorOf(e.f32(), kLanes / 2)), kernel.buffer("output"), out + column / 2);
  });
}

} // namespace cria::cpu
