// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embedding and the KV cache's writer. The rotation is emitted by one function, so rotating into a
// buffer and rotating on the way into the cache give the same bits.
#include "passes/targets/cpu/EmitterSupport.h"
#include "passes/targets/cpu/Kernels.h"

using namespace mlir;

namespace cria::cpu {
namespace {

/// Takes two rotated vectors: `count` lanes of elements `column` of the first half and of the second half of
/// a head.
using RotatedSink = llvm::function_ref<void(Value low, Value high, Ix column, int64_t count)>;

// One head by halves: (x1, x2) -> (x1·c - x2·s, x2·c + x1·s), the products of the first terms unrounded.
// `row` is where the position's row of the table starts: cosines, then sines.
void rotateHead(Emitter &e, Value input, Ix start, Value table, Ix row, int64_t headDim, RotatedSink sink) {
  int64_t half = headDim / 2;
  forColumns(e, half, [&](Ix column, int64_t count) {
    Value x1 = e.load(input, start + column, count);
    Value x2 = e.load(input, start + half + column, count);
    Value cosine = e.load(table, row + column, count);
    Value sine = e.load(table, row + half + column, count);
    Value low = e.fma(x1, cosine, e.neg(e.mul(x2, sine)));
    Value high = e.fma(x2, cosine, e.mul(x1, sine));
    sink(low, high, column, count);
  });
}

void rotateRow(Emitter &e, Value input, Ix start, Value table, Ix row, int64_t heads, int64_t headDim,
               Value output, Ix outputStart) {
  e.forEach(e.index(0), e.index(heads), 1, [&](Ix head) {
    Ix to = outputStart + head * headDim;
    rotateHead(e, input, start + head * headDim, table, row, headDim,
               [&](Value low, Value high, Ix column, int64_t count) {
                 e.store(low, output, to + column, count);
                 e.store(high, output, to + headDim / 2 + column, count);
               });
  });
}

/// Writes one row's keys and values into a page.
class AppendEmitter {
public:
  AppendEmitter(KernelFunction &kernel, const KvAppendSpec &spec)
      : e(kernel.emitter()), kernel(kernel), spec(spec), kv{spec.kv}, cache(kernel.buffer("cache")) {}

  void emit() {
    Value slot = e.loadScalar(kernel.buffer("slots"), kernel.x());
    Value present = arith::CmpIOp::create(e, arith::CmpIPredicate::sge, slot, e.intConst(0, e.i32()));
    e.ifThen(present, [&] {
      Ix index = e.fromUnsigned(slot);
      Ix page = index / KvLayout::kPageTokens * kv.pageElements();
      e.forEach(e.index(0), e.index(spec.kv.kvHeads), 1, [&](Ix head) {
        emitHead(head, page + head * kv.headElements(), index % KvLayout::kPageTokens);
      });
    });
  }

private:
  // Keys lie as [headDim][32]: a column per token.
  void storeKey(Value vector, Ix keys, Ix slot, Ix dimension, int64_t count) {
    for (int64_t lane = 0; lane < count; ++lane) {
      e.storeFloat(e.lane(vector, lane), cache, keys + (dimension + lane) * KvLayout::kPageTokens + slot);
    }
  }

  void emitHead(Ix head, Ix keys, Ix slot) {
    int64_t dim = spec.kv.headDim;
    Value key = kernel.buffer("key");
    Ix keyStart = rowStart(spec.keyStride, spec.keyOffset) + head * dim;
    if (spec.rotate) {
      rotateHead(e, key, keyStart, kernel.buffer("table"), tableRow(), dim,
                 [&](Value low, Value high, Ix column, int64_t count) {
                   storeKey(low, keys, slot, column, count);
                   storeKey(high, keys, slot, column + dim / 2, count);
                 });
    } else {
      forColumns(e, dim, [&](Ix column, int64_t count) {
        storeKey(e.load(key, keyStart + column, count), keys, slot, column, count);
      });
    }
    Ix values = keys + KvLayout::kPageTokens * dim + slot * dim;
    Ix valueStart = rowStart(spec.valueStride, spec.valueOffset) + head * dim;
    forColumns(e, dim, [&](Ix column, int64_t count) {
      e.store(e.load(kernel.buffer("value"), valueStart + column, count), cache, values + column, count);
    });
  }

  Ix rowStart(int64_t stride, int64_t offset) {
    return kernel.x() * strideOf(stride, spec.kv.kvHeads * spec.kv.headDim) + offset;
  }
  Ix tableRow() {
    return e.fromUnsigned(e.loadScalar(kernel.buffer("positions"), kernel.x())) * spec.kv.headDim;
  }

  Emitter &e;
  KernelFunction &kernel;
  const KvAppendSpec &spec;
  KvLayout kv;
  Value cache;
};

} // namespace

void emitRope(ModuleOp kernels, const RopeSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(
      kernels, spec.name(),
      {{"input", f32}, {"positions", types.getI32Type()}, {"table", f32}, {"output", f32, true}});
  Emitter &e = kernel.emitter();
  int64_t width = spec.heads * spec.headDim;
  Ix row = e.fromUnsigned(e.loadScalar(kernel.buffer("positions"), kernel.x())) * spec.headDim;
  rotateRow(e, kernel.buffer("input"), kernel.x() * strideOf(spec.inputStride, width) + spec.inputOffset,
            kernel.buffer("table"), row, spec.heads, spec.headDim, kernel.buffer("output"),
            kernel.x() * strideOf(spec.outputStride, width));
}

void emitKvAppend(ModuleOp kernels, const KvAppendSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  Parameter key = {"key", f32}, value = {"value", f32}, slots = {"slots", i32};
  Parameter cache = {"cache", mlirType(types.getContext(), spec.kv.type), /*written=*/true};
  if (!spec.rotate) {
    KernelFunction kernel(kernels, spec.name(), {key, value, slots, cache});
    AppendEmitter(kernel, spec).emit();
    return;
  }
  KernelFunction kernel(
      kernels, spec.name(),
      {{"query", f32}, key, value, {"table", f32}, {"positions", i32}, slots, cache, {"output", f32, true}});
  Emitter &e = kernel.emitter();
  int64_t dim = spec.kv.headDim, width = spec.heads * dim;
  Ix row = e.fromUnsigned(e.loadScalar(kernel.buffer("positions"), kernel.x())) * dim;
  rotateRow(e, kernel.buffer("query"), kernel.x() * strideOf(spec.queryStride, width) + spec.queryOffset,
            kernel.buffer("table"), row, spec.heads, dim, kernel.buffer("output"),
            kernel.x() * strideOf(spec.outputStride, width));
  AppendEmitter(kernel, spec).emit();
}

} // namespace cria::cpu
