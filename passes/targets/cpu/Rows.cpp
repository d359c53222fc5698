// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that compute one row per workgroup: RMSNorm, elementwise operations, table look-up and row
// selection.
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/Norm.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/VectorMath.h"
#include "passes/targets/cpu/WeightKernels.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace cria::cpu {

//===----------------------------------------------------------------------------------------------------===//
// RMSNorm
//===----------------------------------------------------------------------------------------------------===//

/// Sixteen partial sums of squares, each over every sixteenth column in order, then summed by halves.
static Value sumOfSquares(Emitter &e, Value input, Index start, int64_t width) {
  int64_t full = width - width % kLanes;
  auto accumulate = [&](Index column, int64_t count, Value sum) {
    Value x = e.load(input, start + column, count);
    return e.fma(x, x, sum);
  };
  Value sum =
      e.loop(e.index(0), e.index(full), kLanes, {e.splat(0)}, [&](Index column, ArrayRef<Value> carried) {
        return Emitter::Values{accumulate(column, kLanes, carried[0])};
      })[0];
  if (full != width) {
    sum = accumulate(e.index(full), width - full, sum);
  }
  return emitSum(e, sum);
}

void normalizeRow(KernelFunction &kernel, const NormSpec &spec, Value output, Index outputStart) {
  Emitter &e = kernel.emitter();
  Value input = kernel.buffer("input");
  Index start = kernel.x() * strideOf(spec.inputStride, spec.width);
  Value mean =
      e.div(sumOfSquares(e, input, start, spec.width), e.floatConst(static_cast<double>(spec.width)));
  Value root = math::SqrtOp::create(e, e.add(mean, e.floatConst(spec.epsilon)));
  Value factor = e.broadcast(e.div(e.floatConst(1.0), root));
  forColumns(e, spec.width, [&](Index column, int64_t count) {
    Value normalized = e.mul(e.load(input, start + column, count), factor);
    Value weight = e.load(kernel.buffer("weight"), column, count);
    e.store(e.mul(normalized, weight), output, outputStart + column, count);
  });
}

void emitNorm(ModuleOp kernels, const NormSpec &spec) {
  Type f32 = Float32Type::get(kernels.getContext());
  KernelFunction kernel(kernels, spec, {{"input", f32}, {"weight", f32}, {"output", f32, true}});
  normalizeRow(kernel, spec, kernel.buffer("output"), kernel.x() * strideOf(spec.outputStride, spec.width));
}

//===----------------------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------------------===//

/// One vector of the result; `rhs` is null for a unary operation.
static Value emitElements(Emitter &e, ElementwiseSpec::Kind kind, Value lhs, Value rhs) {
  switch (kind) {
  case ElementwiseSpec::Kind::silu:
    return emitSilu(e, lhs);
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
                        {{"input", f32}, {"lhs", f32}, {"rhs", f32}, {"output", f32, /*written=*/true}});
  Emitter &e = kernel.emitter();
  auto at = [&](int64_t stride, Index column) { return kernel.x() * strideOf(stride, spec.width) + column; };
  forColumns(e, spec.width, [&](Index column, int64_t count) {
    Value lhs = e.load(kernel.buffer(unary ? "input" : "lhs"), at(spec.lhsStride, column), count);
    Value rhs = unary ? Value() : e.load(kernel.buffer("rhs"), at(spec.rhsStride, column), count);
    e.store(emitElements(e, spec.kind, lhs, rhs), kernel.buffer("output"), at(spec.outputStride, column),
            count);
  });
}

//===----------------------------------------------------------------------------------------------------===//
// Embedding and gather
//===----------------------------------------------------------------------------------------------------===//

std::string EmbeddingSpec::name() const {
  std::string name =
      llvm::formatv("embedding_d{0}_{1}_{2}", width, nameOf(table), panels ? "panel16" : "row_major");
  appendStride(name, "o", outputStride, width);
  return name;
}

int64_t EmbeddingSpec::scratchBytes() const { return isDense(table) ? 0 : codedEmbeddingScratch(*this); }

static void emitDenseEmbedding(KernelFunction &kernel, const EmbeddingSpec &spec) {
  Emitter &e = kernel.emitter();
  Value table = kernel.buffer("table"), output = kernel.buffer("output");
  Index token = e.fromUnsigned(e.loadScalar(kernel.buffer("tokens"), kernel.x()));
  Index start = kernel.x() * strideOf(spec.outputStride, spec.width);
  if (spec.panels) {
    Index first = token / kLanes * (kLanes * spec.width) + token % kLanes;
    e.forEach(e.index(0), e.index(spec.width), 1,
              [&](Index k) { e.storeFloat(e.loadFloat(table, first + k * kLanes), output, start + k); });
    return;
  }
  forColumns(e, spec.width, [&](Index column, int64_t count) {
    e.store(e.load(table, token * spec.width + column, count), output, start + column, count);
  });
}

void emitEmbedding(ModuleOp kernels, const Isa &isa, const EmbeddingSpec &spec) {
  OpBuilder types(kernels.getContext());
  const WeightFormatTraits &format = traitsOf(spec.table);
  Type table = elementOfWeight(types, spec.table);
  KernelFunction kernel(
      kernels, spec,
      {{"tokens", types.getI32Type()}, {"table", table}, {"output", types.getF32Type(), true}});
  isDense(format) ? emitDenseEmbedding(kernel, spec) : emitCodedEmbedding(kernel, isa, spec);
}

std::string GatherSpec::name() const {
  std::string name = llvm::formatv("gather_rows_d{0}", width);
  appendStride(name, "i", inputStride, width);
  appendStride(name, "o", outputStride, width);
  return name;
}

void emitGather(ModuleOp kernels, const GatherSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(kernels, spec, {{"input", f32}, {"rows", types.getI32Type()}, {"output", f32, true}});
  Emitter &e = kernel.emitter();
  Index row = e.fromUnsigned(e.loadScalar(kernel.buffer("rows"), kernel.x()));
  Index from = row * strideOf(spec.inputStride, spec.width);
  Index to = kernel.x() * strideOf(spec.outputStride, spec.width);
  forColumns(e, spec.width, [&](Index column, int64_t count) {
    e.store(e.load(kernel.buffer("input"), from + column, count), kernel.buffer("output"), to + column,
            count);
  });
}

} // namespace cria::cpu
