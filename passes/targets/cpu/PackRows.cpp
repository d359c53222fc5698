// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs rows of activations for class int8 (format/ActivationProduct.h). A row with NaN or an infinity gets
// codes 0 and scales NaN, which makes NaN of all its products.
#include "passes/targets/cpu/CodedPanels.h"
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/Norm.h"
#include "passes/targets/cpu/PackedRow.h"
#include "passes/targets/cpu/StepRows.h"

#include "format/ActivationProduct.h"

#include <bit>

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kInfinityBits = 0x7F800000;
constexpr int64_t kNanBits = std::bit_cast<uint32_t>(kProductOfNan);

class PackEmitter {
public:
  /// Packs the row of `input` that starts at `in`.
  PackEmitter(KernelFunction &kernel, const PackRowsSpec &spec, Value input, Index in)
      : e_(kernel.emitter()), spec_(spec), row_{spec.columns}, input_(input),
        output_(kernel.buffer("output")), in_(in), out_(kernel.x() * row_.words()) {}

  void emit();

private:
  struct Scale {
    Value inverse; ///< what the columns are multiplied with
    Value word;    ///< as the row has it
    Value factor;  ///< of the sum of the codes
  };

  Value half(Index column, int64_t count) {
    return count == 0 ? e_.splat(0) : e_.load(input_, in_ + column, count);
  }
  Value largestOf(Value low, Value high);
  Value largestOfRow();
  Value scaleOf(Value largest);
  Value ceilPowerOfTwo(Value value);
  Scale a8(Value scale);
  Scale a8p(Value scale);
  void packGroup(Index group, int64_t columns);
  Value codesOf(Value values, Value inverse);
  Value start(Value sumOfCodes) { return e_.mulInt(sumOfCodes, word(-spec_.zero)); }
  void store(Value word, int64_t plane, Index group) { e_.storeScalar(word, output_, out_ + plane + group); }
  Value wordOf(Value real) { return e_.bitcast(real, e_.i32()); }
  Value realOf(Value word) { return e_.bitcast(word, e_.f32()); }
  Value isZero(Value real) {
    return arith::CmpFOp::create(e_, arith::CmpFPredicate::OEQ, real, e_.floatConst(0));
  }
  Value word(int64_t value) { return e_.intConst(value, e_.i32()); }

  Emitter &e_;
  const PackRowsSpec &spec_;
  PackedRow row_;
  Value input_, output_;
  Index in_, out_;
  Value isFinite_, base_;
};

/// The largest magnitude of 32 columns, as bits.
Value PackEmitter::largestOf(Value low, Value high) {
  VectorType words = e_.vectorOf(e_.i32());
  Value mask = e_.splatInt(0x7FFFFFFF);
  return e_.maxUnsigned(e_.andInt(e_.bitcast(low, words), mask), e_.andInt(e_.bitcast(high, words), mask));
}

Value PackEmitter::largestOfRow() {
  int64_t full = spec_.columns / PackedRow::kGroup * PackedRow::kGroup, rest = spec_.columns - full;
  Value largest = e_.loop(e_.index(0), e_.index(full), PackedRow::kGroup, {e_.splatInt(0)},
                          [&](Index column, ArrayRef<Value> carried) -> Emitter::Values {
                            Value here = largestOf(half(column, kLanes), half(column + kLanes, kLanes));
                            return {e_.maxUnsigned(carried[0], here)};
                          })[0];
  if (rest > 0) {
    Index column = e_.index(full);
    largest = e_.maxUnsigned(largest, largestOf(half(column, std::min(rest, kLanes)),
                                                half(column + kLanes, std::max<int64_t>(rest - kLanes, 0))));
  }
  return e_.maxLanes(largest);
}

/// max|x| · (1 / 127), or 0 below 2^-100.
Value PackEmitter::scaleOf(Value largest) {
  Value isSmall =
      arith::CmpFOp::create(e_, arith::CmpFPredicate::OLT, largest, e_.floatConst(kSmallestActivation));
  return e_.select(isSmall, e_.floatConst(0), e_.mul(largest, e_.floatConst(1.0f / 127.0f)));
}

Value PackEmitter::ceilPowerOfTwo(Value value) {
  return realOf(e_.andInt(e_.addInt(wordOf(value), word(0x7FFFFF)), word(kInfinityBits)));
}

PackEmitter::Scale PackEmitter::a8(Value scale) {
  Value inverse = e_.select(isZero(scale), e_.floatConst(0), e_.div(e_.floatConst(1), scale));
  return {inverse, e_.select(isFinite_, wordOf(scale), word(kNanBits)),
          e_.select(isFinite_, scale, e_.floatConst(0))};
}

PackEmitter::Scale PackEmitter::a8p(Value scale) {
  Value power = e_.max(ceilPowerOfTwo(scale), base_);
  Value inverse = e_.select(isZero(scale), e_.floatConst(0), e_.div(e_.floatConst(1), power));
  Value exponent = e_.subInt(wordOf(power), wordOf(base_)); // e << 23, since both are powers of two
  exponent = e_.select(isFinite_, exponent, word(0));
  return {inverse, exponent, realOf(e_.addInt(exponent, word(int64_t(127) << 23)))};
}

/// Codes as i32. Products of columns and inverses are within ±128, so the conversion is exact.
Value PackEmitter::codesOf(Value values, Value inverse) {
  Value scaled = e_.mul(values, e_.broadcast(inverse));
  Value finite = e_.select(e_.broadcast(isFinite_), scaled, e_.splat(0));
  return e_.clampInt(e_.roundToInt(finite), -127, 127);
}

void PackEmitter::packGroup(Index group, int64_t columns) {
  Index column = group * PackedRow::kGroup;
  Value low = half(column, std::min(columns, kLanes)),
        high = half(column + kLanes, std::max<int64_t>(columns - kLanes, 0));
  Value scale = scaleOf(realOf(e_.maxLanes(largestOf(low, high))));
  Scale by = spec_.encoding == Int8Encoding::a8 ? a8(scale) : a8p(scale);
  Value first = codesOf(low, by.inverse), second = codesOf(high, by.inverse);
  Value bytes = e_.concat(e_.resizeInt(first, 8, true), e_.resizeInt(second, 8, true));
  e_.storeRaw(e_.bitcast(bytes, e_.vectorOf(e_.i32(), PackedRow::kSteps)), output_,
              out_ + group * PackedRow::kSteps);
  Value sumOfFirst = e_.sumLanes(first), sumOfSecond = e_.sumLanes(second);
  Value sum = e_.addInt(sumOfFirst, sumOfSecond);
  store(start(sum), row_.starts(), group);
  store(start(sumOfFirst), row_.startsOfHalves(0), group);
  store(start(sumOfSecond), row_.startsOfHalves(1), group);
  store(wordOf(e_.mul(e_.toFloat(sum), by.factor)), row_.scaledSums(), group);
  store(by.word, row_.scales(), group);
}

void PackEmitter::emit() {
  Value largest = largestOfRow();
  isFinite_ = arith::CmpIOp::create(e_, arith::CmpIPredicate::ult, largest, word(kInfinityBits));
  Value smallest = e_.floatConst(std::numeric_limits<float>::min());
  base_ = e_.max(e_.mul(ceilPowerOfTwo(scaleOf(realOf(largest))), e_.floatConst(0x1p-24)), smallest);
  int64_t full = spec_.columns / PackedRow::kGroup, rest = spec_.columns % PackedRow::kGroup;
  e_.forEach(e_.index(0), e_.index(full), 1, [&](Index group) { packGroup(group, PackedRow::kGroup); });
  if (rest > 0) {
    packGroup(e_.index(full), rest);
  }
  Value base = spec_.encoding == Int8Encoding::a8 ? e_.floatConst(1) : base_;
  store(e_.select(isFinite_, wordOf(base), word(kNanBits)), row_.base(), e_.index(0));
}

} // namespace

PackRowsSpec packingFor(const Isa &isa, const WeightFormatTraits &format, int64_t columns,
                        int64_t inputStride) {
  int64_t zero = zeroOfCodes(isa, format);
  if (zero == 0) { // reads no starts, so it shares rows with Q6_K, its companion in mixes
    zero = zeroOfCodes(isa, traitsOf(WeightFormat::q6_k));
  }
  return {.columns = columns, .encoding = int8EncodingFor(format), .zero = zero, .inputStride = inputStride};
}

std::string PackRowsSpec::name() const {
  std::string name =
      llvm::formatv("pack_{0}_z{1}_k{2}", encoding == Int8Encoding::a8 ? "a8" : "a8p", zero, columns);
  appendStride(name, "i", inputStride, columns);
  return name;
}

int64_t PackRowsSpec::words() const { return PackedRow{columns}.words(); }

void emitPackRows(ModuleOp kernels, const PackRowsSpec &spec) {
  OpBuilder types(kernels.getContext());
  KernelFunction kernel(kernels, spec, {{"input", types.getF32Type()}, {"output", types.getI32Type(), true}});
  PackEmitter(kernel, spec, kernel.buffer("input"), kernel.x() * strideOf(spec.inputStride, spec.columns))
      .emit();
}

void emitNormPack(ModuleOp kernels, const NormPackSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32}, {"weight", f32}, {"output", types.getI32Type(), true}});
  const Index start = kernel.emitter().index(0);
  normalizeRow(kernel, spec.norm, kernel.scratch(), start);
  PackEmitter(kernel, spec.packing, kernel.scratch(), start).emit();
}

} // namespace cria::cpu
