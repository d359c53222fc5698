// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/cpu/KvCodes.h"

#include "format/KvCodec.h"

using namespace mlir;

namespace cria::cpu {

static constexpr int64_t kInfiniteHalf = 0x7C00;

/// The largest magnitude as bits, which are those of NaN or infinity if the vector has any.
static Value largestMagnitude(Emitter &e, Value buffer, Index at, int64_t dim) {
  auto magnitudes = [&](Index column, int64_t count) {
    Value words = e.bitcast(e.load(buffer, at + column, count), e.vectorOf(e.i32()));
    return e.andInt(words, e.splatInt(0x7FFFFFFF));
  };
  const int64_t full = dim - dim % kLanes;
  Value largest = e.loop(e.index(0), e.index(full), kLanes, {e.splatInt(0)},
                         [&](Index column, ArrayRef<Value> carried) -> Emitter::Values {
                           return {e.maxUnsigned(carried[0], magnitudes(column, kLanes))};
                         })[0];
  if (full != dim) {
    largest = e.maxUnsigned(largest, magnitudes(e.index(full), dim - full));
  }
  return e.maxLanes(largest);
}

KvScale emitKvScale(Emitter &e, Value buffer, Index at, int64_t dim) {
  Value largest = e.bitcast(largestMagnitude(e, buffer, at, dim), e.f32());
  Value rounded = e.narrow(e.mul(largest, e.floatConst(1.0f / 127.0f)), e.getF16Type());
  Value bits = e.bitcast(rounded, e.getI16Type());
  auto compare = [&](arith::CmpIPredicate predicate, int64_t value) -> Value {
    return arith::CmpIOp::create(e, predicate, bits, e.intLike(bits, value));
  };
  Value isFinite = compare(arith::CmpIPredicate::ult, kInfiniteHalf);
  Value hasCodes = e.andInt(isFinite, compare(arith::CmpIPredicate::ne, 0));
  Value half = e.bitcast(e.select(isFinite, bits, e.intLike(bits, kKvScaleOfNan)), e.getF16Type());
  return {half, e.div(e.floatConst(1), e.widen(rounded)), hasCodes};
}

/// The products are within ±191, where rounding to a subnormal scale leaves most, so the conversion is exact.
Value emitKvCodes(Emitter &e, Value values, const KvScale &scale) {
  Value scaled = e.mul(values, e.broadcast(scale.inverse));
  Value finite = e.select(e.broadcast(scale.hasCodes), scaled, e.splat(0));
  return e.resizeInt(e.clampInt(e.roundToInt(finite), -127, 127), 8, /*isSigned=*/true);
}

} // namespace cria::cpu
