// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embedding and the KV append. One function emits the rotation, so that rotating into a buffer and
// rotating into the cache give the same bits.
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/KvCodes.h"
#include "passes/targets/cpu/StepRows.h"

using namespace mlir;

namespace cria::cpu {
namespace {

/// Called with two rotated vectors: `count` lanes of elements `column` of the first half and of the second
/// half of a head.
using RotatedSink = llvm::function_ref<void(Value low, Value high, Index column, int64_t count)>;

/// One head by halves: (x1, x2) -> (x1·c - x2·s, x2·c + x1·s), the products of the first terms unrounded.
/// `row` is the start of the position's row of the table: cosines, then sines.
void rotateHead(Emitter &e, Value input, Index start, Value table, Index row, int64_t headDim,
                RotatedSink sink) {
  int64_t half = headDim / 2;
  forColumns(e, half, [&](Index column, int64_t count) {
    Value x1 = e.load(input, start + column, count);
    Value x2 = e.load(input, start + half + column, count);
    Value cosine = e.load(table, row + column, count);
    Value sine = e.load(table, row + half + column, count);
    Value low = e.fma(x1, cosine, e.neg(e.mul(x2, sine)));
    Value high = e.fma(x2, cosine, e.mul(x1, sine));
    sink(low, high, column, count);
  });
}

void rotateRow(Emitter &e, Value input, Index start, Value table, Index row, int64_t heads, int64_t headDim,
               Value output, Index outputStart) {
  e.forEach(e.index(0), e.index(heads), 1, [&](Index head) {
    Index to = outputStart + head * headDim;
    rotateHead(e, input, start + head * headDim, table, row, headDim,
               [&](Value low, Value high, Index column, int64_t count) {
                 e.store(low, output, to + column, count);
                 e.store(high, output, to + headDim / 2 + column, count);
               });
  });
}

/// Writes one row's keys and values into a page.
class AppendEmitter {
public:
  AppendEmitter(KernelFunction &kernel, const KvAppendSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), kv_{spec.kv}, cache_(kernel.buffer("cache")) {}

  void emit() {
    Value slot = e_.loadScalar(kernel_.buffer("slots"), kernel_.x());
    Value present = arith::CmpIOp::create(e_, arith::CmpIPredicate::sge, slot, e_.intConst(0, e_.i32()));
    e_.ifThen(present, [&] {
      Index index = e_.fromUnsigned(slot);
      Index page = index / KvLayout::kPageTokens, inPage = index % KvLayout::kPageTokens;
      e_.forEach(e_.index(0), e_.index(spec_.kv.kvHeads), 1, [&](Index head) {
        Index keys = page * kv_.pageElements() + head * kv_.headElements();
        if (kv_.hasScales()) {
          emitCodes(head, keys, page * kv_.pageScales() + head * kv_.headScales(), inPage);
        } else {
          emitHead(head, keys, inPage);
        }
      });
    });
  }

private:
  using Place = llvm::function_ref<void(Value codes, Index column, int64_t count)>;

  // The layout of keys is [headDim][32]: one column per token.
  void storeKey(Value vector, Index keys, Index slot, Index dimension, int64_t count) {
    for (int64_t lane = 0; lane < count; ++lane) {
      e_.storeFloat(e_.lane(vector, lane), cache_, keys + (dimension + lane) * KvLayout::kPageTokens + slot);
    }
  }

  void emitHead(Index head, Index keys, Index slot) {
    int64_t dim = spec_.kv.headDim;
    Value key = kernel_.buffer("key");
    Index keyStart = startOfKey(head);
    if (spec_.rotate) {
      rotateHead(e_, key, keyStart, kernel_.buffer("table"), tableRow(), dim,
                 [&](Value low, Value high, Index column, int64_t count) {
                   storeKey(low, keys, slot, column, count);
                   storeKey(high, keys, slot, column + dim / 2, count);
                 });
    } else {
      forColumns(e_, dim, [&](Index column, int64_t count) {
        storeKey(e_.load(key, keyStart + column, count), keys, slot, column, count);
      });
    }
    Index values = valuesAt(keys, slot), valueStart = startOfValue(head);
    forColumns(e_, dim, [&](Index column, int64_t count) {
      e_.store(e_.load(kernel_.buffer("value"), valueStart + column, count), cache_, values + column, count);
    });
  }

  /// The same of a cache of codes, with the scales of the head.
  void emitCodes(Index head, Index keys, Index scales, Index slot) {
    auto storeKeys = [&](Value codes, Index column, int64_t count) {
      for (int64_t lane = 0; lane < count; ++lane) {
        e_.storeScalar(e_.lane(codes, lane), cache_, keys + (column + lane) * KvLayout::kPageTokens + slot);
      }
    };
    if (spec_.rotate) {
      rotateRow(e_, kernel_.buffer("key"), startOfKey(head), kernel_.buffer("table"), tableRow(), 1,
                spec_.kv.headDim, kernel_.scratch(), e_.index(0));
      encode(kernel_.scratch(), e_.index(0), scales + slot, storeKeys);
    } else {
      encode(kernel_.buffer("key"), startOfKey(head), scales + slot, storeKeys);
    }
    encode(kernel_.buffer("value"), startOfValue(head), scales + KvLayout::kPageTokens + slot,
           [&](Value codes, Index column, int64_t count) {
             e_.storeRaw(e_.slice(codes, 0, count), cache_, valuesAt(keys, slot) + column);
           });
  }

  /// Stores the scale of a vector, and places its codes.
  void encode(Value buffer, Index at, Index scaleAt, Place place) {
    const KvScale scale = emitKvScale(e_, buffer, at, spec_.kv.headDim);
    e_.storeScalar(scale.half, kernel_.buffer("cache.scales"), scaleAt);
    forColumns(e_, spec_.kv.headDim, [&](Index column, int64_t count) {
      place(emitKvCodes(e_, e_.load(buffer, at + column, count), scale), column, count);
    });
  }

  Index valuesAt(Index keys, Index slot) {
    return keys + KvLayout::kPageTokens * spec_.kv.headDim + slot * spec_.kv.headDim;
  }
  Index startOfKey(Index head) {
    return rowStart(spec_.keyStride, spec_.keyOffset) + head * spec_.kv.headDim;
  }
  Index startOfValue(Index head) {
    return rowStart(spec_.valueStride, spec_.valueOffset) + head * spec_.kv.headDim;
  }
  Index rowStart(int64_t stride, int64_t offset) {
    return kernel_.x() * strideOf(stride, spec_.kv.kvHeads * spec_.kv.headDim) + offset;
  }
  Index tableRow() {
    return e_.fromUnsigned(e_.loadScalar(kernel_.buffer("positions"), kernel_.x())) * spec_.kv.headDim;
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const KvAppendSpec &spec_;
  KvLayout kv_;
  Value cache_;
};

/// Rotates the queries of a row into the output.
void rotateQueries(KernelFunction &kernel, const KvAppendSpec &spec) {
  Emitter &e = kernel.emitter();
  int64_t dim = spec.kv.headDim, width = spec.heads * dim;
  Index row = e.fromUnsigned(e.loadScalar(kernel.buffer("positions"), kernel.x())) * dim;
  rotateRow(e, kernel.buffer("query"), kernel.x() * strideOf(spec.queryStride, width) + spec.queryOffset,
            kernel.buffer("table"), row, spec.heads, dim, kernel.buffer("output"),
            kernel.x() * strideOf(spec.outputStride, width));
}

} // namespace

void emitRope(ModuleOp kernels, const RopeSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(
      kernels, spec,
      {{"input", f32}, {"positions", types.getI32Type()}, {"table", f32}, {"output", f32, true}});
  Emitter &e = kernel.emitter();
  int64_t width = spec.heads * spec.headDim;
  Index row = e.fromUnsigned(e.loadScalar(kernel.buffer("positions"), kernel.x())) * spec.headDim;
  rotateRow(e, kernel.buffer("input"), kernel.x() * strideOf(spec.inputStride, width) + spec.inputOffset,
            kernel.buffer("table"), row, spec.heads, spec.headDim, kernel.buffer("output"),
            kernel.x() * strideOf(spec.outputStride, width));
}

/// Rotated keys are encoded from scratch memory, one vector at a time.
int64_t scratchBytesOf(const KvAppendSpec &spec) {
  return spec.rotate && spec.kv.hasScales() ? spec.kv.headDim * int64_t(sizeof(float)) : 0;
}

void emitKvAppend(ModuleOp kernels, const KvAppendSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec,
                        {{"query", f32},
                         {"key", f32},
                         {"value", f32},
                         {"table", f32},
                         {"positions", i32},
                         {"slots", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type), /*written=*/true},
                         {"cache.scales", types.getF16Type(), /*written=*/true},
                         {"output", f32, /*written=*/true}});
  if (spec.rotate) {
    rotateQueries(kernel, spec);
  }
  AppendEmitter(kernel, spec).emit();
}

} // namespace cria::cpu
