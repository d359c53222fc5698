// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exponential, reductions and hash; see VectorMath.h.
#include "passes/targets/cpu/VectorMath.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace cria::cpu {

/// Between these bounds 2^n below is a normal number.
static constexpr double kExpLow = -87.33654;
static constexpr double kExpHigh = 88.3762626647949;

static Value clampToRange(Emitter &e, Value x) {
  Value low = arith::CmpFOp::create(e, arith::CmpFPredicate::OLT, x, e.splat(kExpLow));
  x = e.select(low, e.splat(kExpLow), x);
  Value high = arith::CmpFOp::create(e, arith::CmpFPredicate::OGT, x, e.splat(kExpHigh));
  return e.select(high, e.splat(kExpHigh), x);
}

/// x = n·ln 2 + r with |r| <= ln 2 / 2, ln 2 in two steps; a polynomial of degree 7 in r; n into the
/// exponent.
Value emitExp(Emitter &e, Value x) {
  x = clampToRange(e, x);
  Value n = math::RoundEvenOp::create(e, e.mul(x, e.splat(1.44269504088896341)));
  Value r = e.fma(n, e.splat(-0.693359375), x);
  r = e.fma(n, e.splat(2.12194440e-4), r);
  Value p = e.splat(1.9875691500e-4);
  for (double coefficient :
       {1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}) {
    p = e.fma(p, r, e.splat(coefficient));
  }
  p = e.fma(p, e.mul(r, r), e.add(r, e.splat(1.0)));
  Value exponent = arith::FPToSIOp::create(e, e.vectorOf(e.i32()), n);
  Value bits = e.shiftLeft(e.addInt(exponent, e.splatInt(127)), 23);
  return e.mul(p, arith::BitcastOp::create(e, e.vectorOf(e.f32()), bits));
}

Value emitSilu(Emitter &e, Value x) { return e.div(x, e.add(e.splat(1.0), emitExp(e, e.neg(x)))); }

static Value reduceByHalves(Emitter &e, Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t half = kLanes / 2; half >= 1; half /= 2) {
    auto part = [&](int64_t from) -> Value {
      return vector::ExtractStridedSliceOp::create(e, vector, ArrayRef<int64_t>{from},
                                                   ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    };
    vector = combine(part(0), part(half));
  }
  return e.lane(vector, 0);
}

Value emitSum(Emitter &e, Value vector) {
  return reduceByHalves(e, vector, [&](Value a, Value b) { return e.add(a, b); });
}

Value emitMax(Emitter &e, Value vector) {
  return reduceByHalves(e, vector, [&](Value a, Value b) { return e.max(a, b); });
}

static Value constantLike(Emitter &e, Value value, uint32_t bits) {
  return isa<VectorType>(value.getType()) ? e.splatInt(bits)
                                          : e.intConst(static_cast<int32_t>(bits), e.i32());
}

Value emitMix(Emitter &e, Value h) {
  h = e.mulInt(e.xorInt(h, e.shiftRight(h, 16)), constantLike(e, h, 0x85EBCA6B));
  h = e.mulInt(e.xorInt(h, e.shiftRight(h, 13)), constantLike(e, h, 0xC2B2AE35));
  return e.xorInt(h, e.shiftRight(h, 16));
}

} // namespace cria::cpu
