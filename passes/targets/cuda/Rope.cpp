// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embedding and the KV append. One function emits the rotation, so that rotating into a buffer and
// rotating into the cache give the same bits.
#include "passes/targets/cuda/StepRows.h"

using namespace mlir;

namespace cria::cuda {
namespace {

/// Called with a rotated pair: elements `column` and `column + headDim / 2` of head `head`.
using RotatedSink = llvm::function_ref<void(Value low, Value high, Index head, Index column)>;

/// The row of a block: its inputs, and the start of its position's row of the table (cosines, then sines).
class RowRotator {
public:
  RowRotator(KernelFunction &kernel, int64_t headDim)
      : e_(kernel.emitter()), kernel_(kernel), headDim_(headDim), half_(headDim / 2) {}

  // By halves: (x1, x2) -> (x1·c - x2·s, x2·c + x1·s), the products of the first terms unrounded.
  void rotate(Pointer row, int64_t heads, RotatedSink sink) {
    Index position = e_.loadInt(kernel_.buffer("positions"), e_.blockId(0));
    Pointer table = e_.at(kernel_.buffer("table"), position * headDim_);
    e_.forEach(e_.threadId(), e_.constant(heads * half_), kRowThreads, [&](Index pair) {
      Index head = pair / half_, column = pair % half_;
      Index first = head * headDim_ + column;
      Value x1 = e_.load(row, first), x2 = e_.load(row, first + half_);
      Value cosine = e_.load(table, column), sine = e_.load(table, column + half_);
      Value minusSine = e_.sub(e_.floatConst(0), sine);
      sink(e_.fma(x1, cosine, e_.mul(x2, minusSine)), e_.fma(x2, cosine, e_.mul(x1, sine)), head, column);
    });
  }

  void rotateInto(Pointer row, int64_t heads, Pointer output) {
    rotate(row, heads, [&](Value low, Value high, Index head, Index column) {
      e_.store(low, output, head * headDim_ + column);
      e_.store(high, output, head * headDim_ + column + half_);
    });
  }

private:
  DeviceEmitter &e_;
  KernelFunction &kernel_;
  int64_t headDim_, half_;
};

/// Writes one row's keys and values into a page.
class AppendEmitter {
public:
  AppendEmitter(KernelFunction &kernel, const KvAppendSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), kv_{spec.kv} {}

  void emit() {
    Index slot = e_.loadInt(kernel_.buffer("slots"), e_.blockId(0));
    e_.ifThen(e_.constant(-1) < slot, [&] {
      int64_t pitch = kv_.pitch();
      Index token = slot % KvLayout::kPageTokens;
      Pointer page = e_.atFar(kernel_.buffer("cache"), slot / KvLayout::kPageTokens, kv_.pageElements());
      Pointer keys = e_.at(page, token * pitch);
      Pointer values = e_.at(page, token * pitch + KvLayout::kPageTokens * pitch);
      appendKeys(keys);
      copyHeads("value", values);
    });
  }

private:
  Pointer row(llvm::StringRef name) {
    bool isKey = name == "key";
    int64_t stride =
        strideOf(isKey ? spec_.keyStride : spec_.valueStride, spec_.kv.kvHeads * spec_.kv.headDim);
    return e_.at(kernel_.buffer(name),
                 e_.blockId(0) * stride + (isKey ? spec_.keyOffset : spec_.valueOffset));
  }

  void appendKeys(Pointer keys) {
    if (!spec_.rotate) {
      return copyHeads("key", keys);
    }
    RowRotator(kernel_, spec_.kv.headDim)
        .rotate(row("key"), spec_.kv.kvHeads, [&](Value low, Value high, Index head, Index column) {
          Index at = head * kv_.headElements() + column;
          e_.storeFloat(low, keys, at);
          e_.storeFloat(high, keys, at + spec_.kv.headDim / 2);
        });
  }

  void copyHeads(llvm::StringRef name, Pointer to) {
    int64_t dim = spec_.kv.headDim;
    Pointer from = row(name);
    e_.forEach(e_.threadId(), e_.constant(spec_.kv.kvHeads * dim), kRowThreads,
               [&](Index i) { e_.storeFloat(e_.load(from, i), to, i / dim * kv_.headElements() + i % dim); });
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const KvAppendSpec &spec_;
  KvLayout kv_;
};

/// Rotates the queries of a row into the output.
void rotateQueries(KernelFunction &kernel, const KvAppendSpec &spec) {
  DeviceEmitter &e = kernel.emitter();
  int64_t width = spec.heads * spec.kv.headDim;
  RowRotator(kernel, spec.kv.headDim)
      .rotateInto(
          e.at(kernel.buffer("query"), e.blockId(0) * strideOf(spec.queryStride, width) + spec.queryOffset),
          spec.heads, e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, width)));
}

} // namespace

int64_t KvLayout::pitch() const {
  constexpr int64_t kSmallest = 16; // the depth of a tensor-core tile
  return std::max<int64_t>(kSmallest, int64_t(llvm::PowerOf2Ceil(uint64_t(headDim))));
}

void emitRope(ModuleOp kernels, const RopeSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(
      kernels, spec,
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
  KernelFunction kernel(kernels, spec,
                        {{"query", f32},
                         {"key", f32},
                         {"value", f32},
                         {"table", f32},
                         {"positions", i32},
                         {"slots", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type), /*written=*/true},
                         {"output", f32, /*written=*/true}},
                        kRowThreads);
  if (spec.rotate) {
    rotateQueries(kernel, spec);
  }
  AppendEmitter(kernel, spec).emit();
}

} // namespace cria::cuda
