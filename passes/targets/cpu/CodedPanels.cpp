// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/cpu/CodedPanels.h"

#include "ir/ElementTypes.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace cria::cpu {

/// Codes with so many bits can be multiplied as unsigned bytes: the sum of two products with codes of
/// activations, 2 · 127 · 127, fits into 16 bits.
static constexpr int kUnsignedBits = 7;

bool hasSignedCodes(const Isa &isa, const WeightFormatTraits &format) {
  return !isa.dotBytes && (format.map == CodeMap::table || format.bits > kUnsignedBits);
}

int64_t zeroOfCodes(const Isa &isa, const WeightFormatTraits &format) {
  return hasSignedCodes(isa, format)              ? 0
         : format.map == CodeMap::table           ? 128
         : format.offset == OffsetKind::zeroPoint ? int64_t{1} << format.bits
                                                  : format.zero;
}

CodedPanels::CodedPanels(Emitter &emitter, const Isa &isa, const WeightFormatTraits &format, int64_t columns,
                         Value weight)
    : e_(emitter), isa_(isa), format_(format), blocks_(panelBlocks(format, columns)), weight_(weight),
      isSigned_(hasSignedCodes(isa, format)), zero_(zeroOfCodes(isa, format)) {}

//===----------------------------------------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------------------------------------===//

/// 16 floats of a type, from byte `at`.
Value CodedPanels::floats(ElementType type, Index at) {
  Value raw = e_.loadRaw(weight_, at, kLanes * int64_t(sizeOf(type)));
  return e_.widen(e_.bitcast(raw, e_.vectorOf(mlirType(e_.getContext(), type))));
}

/// Small integer `group` of 16 rows, widened to f32.
Value CodedPanels::smallInteger(Index unit, int64_t group, int bits, bool isSigned) {
  Value value;
  int first = 0;
  for (int field : codeFields(bits)) {
    if (field == 0) {
      break;
    }
    Value line = e_.loadRaw(weight_, unit + group % field * PanelBlocks::kRows, PanelBlocks::kRows);
    Value wide = e_.resizeInt(line, 32, /*isSigned=*/false);
    Value part = e_.andInt(e_.shiftRight(wide, group / field * field), e_.splatInt((1 << field) - 1));
    part = first == 0 ? part : e_.shiftLeft(part, first);
    value = value ? e_.orInt(value, part) : part;
    unit = unit + field * PanelBlocks::kRows;
    first += field;
  }
  value = isSigned ? e_.subInt(value, e_.splatInt(int64_t(1) << (bits - 1))) : value;
  return e_.toFloat(value);
}

void CodedPanels::expand(Index block, Value scratch, Index at) {
  const bool isTwoLevel = format_.scale == ScaleKind::twoLevel;
  const auto scaleBytes = int64_t(kLanes * sizeOf(format_.scaleType)),
             minimumBytes = int64_t(kLanes * sizeOf(ElementType::f16));
  for (int64_t group = 0; group < blocks_.groups; ++group) {
    const int64_t outer = isTwoLevel ? 0 : group;
    Value scale = floats(format_.scaleType, block + blocks_.scales + outer * scaleBytes);
    Value minimum =
        hasMinimums() ? floats(ElementType::f16, block + blocks_.minimums + outer * minimumBytes) : Value();
    if (isTwoLevel) {
      const int64_t unit = group / PanelBlocks::kUnitGroups * PanelBlocks::kRows,
                    inUnit = group % PanelBlocks::kUnitGroups;
      scale = e_.mul(scale, smallInteger(block + blocks_.subScales + unit * format_.subScaleBits, inUnit,
                                         format_.subScaleBits, format_.hasSignedSubScales));
      if (minimum) {
        minimum = e_.mul(minimum, smallInteger(block + blocks_.subMinimums + unit * format_.subMinimumBits,
                                               inUnit, format_.subMinimumBits, /*isSigned=*/false));
      }
    }
    e_.store(scale, scratch, at + group * kLanes);
    if (minimum) {
      Value negated = format_.isMinimumAdded ? minimum : e_.neg(minimum);
      e_.store(negated, scratch, at + (blocks_.groups + group) * kLanes);
    }
  }
}

Index CodedPanels::runAt(Index at, Index group, int64_t run) {
  Index index = runs() == 2 ? group * 2 + run : group / (format_.group / PanelBlocks::kGroupColumns);
  return at + index * kLanes;
}

Value CodedPanels::scale(Value scratch, Index at, Index group, int64_t run) {
  return e_.load(scratch, runAt(at, group, run));
}

Value CodedPanels::negatedMinimum(Value scratch, Index at, Index group) {
  return e_.load(scratch, runAt(at + blocks_.groups * kLanes, group, 0));
}

//===----------------------------------------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------------------------------------===//

/// The field of `width` bits of a step, in the lowest bits of each byte. `first`: the line of step 0.
Value CodedPanels::field(Index first, int width, int64_t step) {
  Value line = e_.loadRaw(weight_, first + step % width * PanelBlocks::kLineBytes, PanelBlocks::kLineBytes);
  if (width == 8) {
    return line;
  }
  const int64_t bit = step / width * width;
  Value shifted = bit == 0 ? line : e_.shiftRight(line, bit);
  return bit + width == 8 ? shifted : e_.andInt(shifted, e_.intLike(line, (1 << width) - 1));
}

Value CodedPanels::storedCodes(Index block, Index group, int64_t step) {
  Index line = block + blocks_.codes + group * blocks_.groupBytes;
  Value codes;
  int first = 0;
  for (int width : codeFields(format_.bits)) {
    if (width == 0) {
      break;
    }
    Value part = field(line, width, step);
    part = first == 0 ? part : e_.shiftLeft(part, first);
    codes = first == 0 ? part : e_.orInt(codes, part);
    first += width;
    line = line + width * PanelBlocks::kLineBytes;
  }
  return codes;
}

/// The zero points of the rows of a group, four bytes for each row.
Value CodedPanels::zeroPoints(Index block, Index group) {
  Index zeros =
      block + blocks_.zeros + group / (format_.group / PanelBlocks::kGroupColumns) * PanelBlocks::kRows;
  Value words = e_.resizeInt(e_.loadRaw(weight_, zeros, PanelBlocks::kRows), 32, /*isSigned=*/false);
  return e_.bitcast(e_.mulInt(words, e_.splatInt(0x01010101)), bytes());
}

/// table[code] + added for each byte.
Value CodedPanels::lookUp(Value codes, int added) {
  SmallVector<int8_t> table;
  for (int64_t i = 0; i < PanelBlocks::kLineBytes; ++i) {
    table.push_back(int8_t(uint8_t(format_.table[size_t(i % 16)] + added)));
  }
  if (isa_.wide) {
    Value entries = arith::ConstantOp::create(e_, DenseElementsAttr::get(bytes(), ArrayRef(table)));
    return e_.intrinsic("llvm.x86.avx512.pshuf.b.512", bytes(), {entries, codes});
  }
  Value entries =
      arith::ConstantOp::create(e_, DenseElementsAttr::get(bytes(32), ArrayRef(table).take_front(32)));
  auto half = [&](int64_t first) {
    return e_.intrinsic("llvm.x86.avx2.pshuf.b", bytes(32), {entries, e_.slice(codes, first, 32)});
  };
  return e_.concat(half(0), half(32));
}

Value CodedPanels::codes(Index block, Index group, int64_t step) {
  Value codes = storedCodes(block, group, step);
  if (format_.map == CodeMap::table) {
    return lookUp(codes, int(zero_));
  }
  if (isSigned_) {
    return e_.xorInt(codes, e_.intLike(codes, -128));
  }
  if (format_.offset != OffsetKind::zeroPoint) {
    return codes;
  }
  Value points = zeroPoints(block, group); // subtracted, so that the sums need no product with them
  return e_.subInt(codes, e_.subInt(points, e_.intLike(points, zero_)));
}

Value CodedPanels::integers(Index block, Index group, int64_t step) {
  Value codes = storedCodes(block, group, step);
  const bool hasZeros = format_.offset == OffsetKind::zeroPoint;
  return format_.map == CodeMap::table ? lookUp(codes, 0)
                                       : e_.subInt(codes, hasZeros ? zeroPoints(block, group)
                                                                   : e_.intLike(codes, int8_t(format_.zero)));
}

/// Eight sums, without vpdpbusd: vpmaddubsw multiplies an unsigned with a signed byte and adds two products
/// in 16 bits, which they fit: |w| and x with the sign of w, of at most 128 and 127, where codes are signed.
Value CodedPanels::halfDot(Value sums, Value codes, Value activations) const {
  if (isa_.dotBytes) {
    return e_.intrinsic("llvm.x86.avx512.vpdpbusd.256", sums.getType(), {sums, codes, activations});
  }
  VectorType pairs = e_.vectorOf(e_.getI16Type(), 16);
  if (isSigned_) {
    activations = e_.intrinsic("llvm.x86.avx2.psign.b", bytes(32), {activations, codes});
    codes = math::AbsIOp::create(e_, codes);
  }
  Value products = e_.intrinsic("llvm.x86.avx2.pmadd.ub.sw", pairs, {codes, activations});
  Value ones = arith::ConstantOp::create(e_, DenseElementsAttr::get(pairs, int16_t(1)));
  return e_.addInt(sums, e_.intrinsic("llvm.x86.avx2.pmadd.wd", e_.vectorOf(e_.i32(), 8), {products, ones}));
}

Value CodedPanels::dot(Value sums, Value codes, Value activations) const {
  Value spread = e_.bitcast(e_.broadcast(activations), bytes());
  if (isa_.dotBytes && isa_.wide) {
    return e_.intrinsic("llvm.x86.avx512.vpdpbusd.512", sums.getType(), {sums, codes, spread});
  }
  Value low = halfDot(e_.slice(sums, 0, 8), e_.slice(codes, 0, 32), e_.slice(spread, 0, 32));
  Value high = halfDot(e_.slice(sums, 8, 8), e_.slice(codes, 32, 32), e_.slice(spread, 32, 32));
  return e_.concat(low, high);
}

//===----------------------------------------------------------------------------------------------------===//
// Prefetch
//===----------------------------------------------------------------------------------------------------===//

void CodedPanels::prefetchScales(Index block) {
  for (int64_t at = 0; at < blocks_.codes; at += PanelBlocks::kLineBytes) {
    e_.prefetch(weight_, block + at);
  }
}

void CodedPanels::prefetchCodes(Index block, Index group) {
  Index line = block + group * blocks_.groupBytes;
  for (int64_t at = 0; at < blocks_.groupBytes; at += PanelBlocks::kLineBytes) {
    e_.prefetch(weight_, line + (blocks_.codes + at));
  }
}

} // namespace cria::cpu
