// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embedding and the KV cache's writer. The rotation is emitted by one function, so rotating into a
// buffer and rotating on the way into the cache give the same bits.
#include "passes/targets/cuda/EmitterSupport.h"

using namespace mlir;

namespace cria::cuda {
namespace {

/// Takes a rotated pair: elements `column` and `column + headDim / 2` of head `head`.
using RotatedSink = llvm::function_ref<void(Value low, Value high, Int head, Int column)>;

/// The row of a block: its inputs and where its position's row of the table starts (cosines, then sines).
class RowRotator {
public:
  RowRotator(KernelFunction &kernel, int64_t headDim)
      : e(kernel.emitter()), kernel(kernel), headDim(headDim), half(headDim / 2) {}

  // By halves: (x1, x2) -> (x1·c - x2·s, x2·c + x1·s), the products of the first terms unrounded.
  void rotate(Pointer row, int64_t heads, RotatedSink sink) {
    Int position = e.loadInt(kernel.buffer("positions"), e.blockId(0));
    Pointer table = e.at(kernel.buffer("table"), position * headDim);
    e.forEach(e.threadId(), e.constant(heads * half), kRowThreads, [&](Int pair) {
      Int head = pair / half, column = pair % half;
      Int first = head * headDim + column;
      Value x1 = e.load(row, first), x2 = e.load(row, first + half);
      Value cosine = e.load(table, column), sine = e.load(table, column + half);
      Value minusSine = e.sub(e.floatConst(0), sine);
      sink(e.fma(x1, cosine, e.mul(x2, minusSine)), e.fma(x2, cosine, e.mul(x1, sine)), head, column);
    });
  }

  void rotateInto(Pointer row, int64_t heads, Pointer output) {
    rotate(row, heads, [&](Value low, Value high, Int head, Int column) {
      e.store(low, output, head * headDim + column);
      e.store(high, output, head * headDim + column + half);
    });
  }

private:
  DeviceEmitter &e;
  KernelFunction &kernel;
  int64_t headDim, half;
};

/// Writes one row's keys and values into a page.
class AppendEmitter {
public:
  AppendEmitter(KernelFunction &kernel, const KvAppendSpec &spec)
      : e(kernel.emitter()), kernel(kernel), spec(spec), kv{spec.kv} {}

  void emit() {
    Int slot = e.loadInt(kernel.buffer("slots"), e.blockId(0));
    e.ifThen(e.constant(-1) < slot, [&] {
      int64_t pitch = kv.pitch();
      Int token = slot % KvLayout::kPageTokens;
      Pointer page = e.atFar(kernel.buffer("cache"), slot / KvLayout::kPageTokens, kv.pageElements());
      Pointer keys = e.at(page, token * pitch);
      Pointer values = e.at(page, token * pitch + KvLayout::kPageTokens * pitch);
      appendKeys(keys);
      copyHeads("value", values);
    });
  }

private:
  Pointer row(llvm::StringRef name) {
    bool isKey = name == "key";
    int64_t stride = strideOf(isKey ? spec.keyStride : spec.valueStride, spec.kv.kvHeads * spec.kv.headDim);
    return e.at(kernel.buffer(name), e.blockId(0) * stride + (isKey ? spec.keyOffset : spec.valueOffset));
  }

  void appendKeys(Pointer keys) {
    if (!spec.rotate) {
      return copyHeads("key", keys);
    }
    RowRotator(kernel, spec.kv.headDim)
        .rotate(row("key"), spec.kv.kvHeads, [&](Value low, Value high, Int head, Int column) {
          Int at = head * kv.headElements() + column;
          e.storeFloat(low, keys, at);
          e.storeFloat(high, keys, at + spec.kv.headDim / 2);
        });
  }

  void copyHeads(llvm::StringRef name, Pointer to) {
    int64_t dim = spec.kv.headDim;
    Pointer from = row(name);
    e.forEach(e.threadId(), e.constant(spec.kv.kvHeads * dim), kRowThreads,
              [&](Int i) { e.storeFloat(e.load(from, i), to, i / dim * kv.headElements() + i % dim); });
  }

  DeviceEmitter &e;
  KernelFunction &kernel;
  const KvAppendSpec &spec;
  KvLayout kv;
};

} // namespace

int64_t KvLayout::pitch() const {
  constexpr int64_t kSmallest = 16; // the depth of a tensor-core tile
  return std::max<int64_t>(kSmallest, int64_t(llvm::PowerOf2Ceil(uint64_t(headDim))));
}

void emitRope(ModuleOp kernels, const RopeSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(
      kernels, spec.name(),
      {{"input", f32}, {"positions", types.getI32Type()}, {"table", f32}, {"output", f32, true}},
      kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  int64_t width = spec.heads * spec.headDim;
  RowRotator(kernel, spec.headDim)
      .rotateInto(
          e.at(kernel.buffer("input"), e.blockId(0) * strideOf(spec.inputStride, width) + spec.inputOffset),
          spec.heads, e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, width)));
}

void emitKvAppend(ModuleOp kernels, const KvAppendSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  // Query, key and value may be columns of one buffer; all are only read.
  Parameter key = {"key", f32}, value = {"value", f32}, slots = {"slots", i32};
  Parameter cache = {"cache", mlirType(types.getContext(), spec.kv.type), /*written=*/true};
  if (!spec.rotate) {
    KernelFunction kernel(kernels, spec.name(), {key, value, slots, cache}, kRowThreads);
    AppendEmitter(kernel, spec).emit();
    return;
  }
  KernelFunction kernel(
      kernels, spec.name(),
      {{"query", f32}, key, value, {"table", f32}, {"positions", i32}, slots, cache, {"output", f32, true}},
      kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  int64_t width = spec.heads * spec.kv.headDim;
  RowRotator(kernel, spec.kv.headDim)
      .rotateInto(
          e.at(kernel.buffer("query"), e.blockId(0) * strideOf(spec.queryStride, width) + spec.queryOffset),
          spec.heads, e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, width)));
  AppendEmitter(kernel, spec).emit();
}

} // namespace cria::cuda
