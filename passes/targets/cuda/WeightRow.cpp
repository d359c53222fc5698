// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integers below 2^23 become floats without a conversion: with the bits of 2^23 they are 2^23 + n.
#include "passes/targets/cuda/WeightRow.h"

#include "ir/ElementTypes.h"

#include <numeric>

using namespace mlir;

namespace cria::cuda {

using Values = WeightRow::Values;

constexpr int64_t kWordBits = 32;
constexpr int64_t kFloatBits = 0x4B000000; ///< of 2^23
constexpr double kFloat = 8388608;         ///< 2^23
constexpr int64_t kSigns = 0x80808080;     ///< of four bytes
constexpr int64_t kTableZero = 128;        ///< added to the entries of a table, so that they are bytes

std::vector<std::string> weightBindings(StringRef weight, const WeightFormatTraits &format) {
  std::vector<std::string> names;
  for (const WeightPlane &plane : planesOf(format)) {
    names.push_back(arrayName(weight.str(), plane.suffix));
  }
  return names;
}

/// Codes are words; other integers are signless.
static Type elementOf(MLIRContext *context, const WeightFormatTraits &format, const WeightPlane &plane) {
  const bool isCodes = plane.suffix.empty() && !isDense(format);
  Type type = mlirType(context, plane.type);
  return isCodes            ? IntegerType::get(context, kWordBits)
         : type.isInteger() ? IntegerType::get(context, type.getIntOrFloatBitWidth())
                            : type;
}

SmallVector<KernelParameter> weightParameters(MLIRContext *context, ArrayRef<std::string> names,
                                              const WeightFormatTraits &format) {
  SmallVector<KernelParameter> parameters;
  for (auto [name, plane] : llvm::zip_equal(names, planesOf(format))) {
    parameters.push_back({name, elementOf(context, format, plane)});
  }
  return parameters;
}

int64_t WeightRow::chunkOf(const WeightFormatTraits &format) {
  return isDense(format) ? kChunk : format.bits == 8 ? kWordBits / 2 : kWordBits;
}

/// Loads have up to 16 bytes. Of an odd number of words, each is loaded alone: the chunk begins at a multiple
/// of four bytes only.
WeightRow::Plane WeightRow::planeOf(const WeightPlane &plane, const WeightArray &array,
                                    Pointer buffer) const {
  constexpr int64_t kLoadBytes = 16;
  const int64_t chunk = chunkOf(format_), bytes = buffer.element.getIntOrFloatBitWidth() / 8;
  Plane result = {.suffix = plane.suffix,
                  .row = buffer,
                  .pitch = array.placement.paddedColumns() * int64_t(sizeOf(plane.type)) / bytes,
                  .span = plane.span};
  if (!plane.suffix.empty()) {
    const int64_t span = plane.span;
    result.lanes = 1;
    result.loads = span % chunk == 0 ? 1 : chunk % span == 0 ? chunk / span : chunk / kPart;
    return result;
  }
  const int64_t elements = isDense(format_) ? chunk : chunk * format_.bits / kWordBits;
  result.lanes = std::gcd(elements, kLoadBytes / bytes);
  result.loads = elements / result.lanes;
  return result;
}

WeightRow::WeightRow(KernelFunction &kernel, StringRef weight, const WeightFormatTraits &format,
                     int64_t columns, Index row)
    : e_(&kernel.emitter()), format_(format) {
  const int64_t shape[] = {1, columns};
  int64_t loads = 0;
  for (auto [plane, array] :
       llvm::zip_equal(planesOf(format), arraysOf(format, PhysicalLayout::Kind::rowPadded, shape))) {
    Plane &added =
        planes_.emplace_back(planeOf(plane, array, kernel.buffer(arrayName(weight.str(), plane.suffix))));
    added.row = e_->atFar(added.row, row, added.pitch);
    added.first = loads;
    loads += added.loads;
  }
}

WeightRow WeightRow::after(int64_t distance) const {
  WeightRow other = *this;
  for (Plane &plane : other.planes_) {
    plane.row = e_->atFar(plane.row, e_->constant(distance), plane.pitch);
  }
  return other;
}

Values WeightRow::load(Index first) const {
  const int64_t chunk = chunkOf(format_);
  Values loaded;
  for (const Plane &plane : planes_) {
    const bool isFirst = plane.suffix.empty();
    for (int64_t i = 0; i < plane.loads; ++i) {
      Index at = isFirst ? first / chunk * (plane.loads * plane.lanes) + i * plane.lanes
                         : (first + i * (chunk / plane.loads)) / plane.span;
      loaded.push_back(e_->load(plane.row, at, plane.lanes));
    }
  }
  return loaded;
}

//===----------------------------------------------------------------------------------------------------===//
// Scales and offsets
//===----------------------------------------------------------------------------------------------------===//

/// The element of a plane for a part of a chunk.
Value WeightRow::stored(Chunk chunk, std::string_view suffix, int64_t part) const {
  const Plane *plane = llvm::find_if(planes_, [&](const Plane &each) { return each.suffix == suffix; });
  assert(plane != planes_.end() && "the format has no such plane");
  return chunk[size_t(plane->first + part * plane->loads / parts())];
}

Value WeightRow::floatOf(Chunk chunk, std::string_view suffix, int64_t part) const {
  return e_->widen(stored(chunk, suffix, part));
}

Index WeightRow::integerOf(Chunk chunk, std::string_view suffix, int64_t part, bool isSigned) const {
  return e_->widenInt(stored(chunk, suffix, part), isSigned);
}

Value WeightRow::scale(Chunk chunk, int64_t part) const {
  Value scale = floatOf(chunk, "scales", part);
  if (format_.scale != ScaleKind::twoLevel) {
    return scale;
  }
  Index integer = integerOf(chunk, "sub_scales", part, format_.hasSignedSubScales);
  return e_->mulFlushed(scale, e_->toFloat(integer));
}

/// What is added to scaled codes; null for nothing.
Value WeightRow::offset(Chunk chunk, int64_t part) const {
  if (format_.offset == OffsetKind::none || format_.offset == OffsetKind::zeroPoint) {
    return {};
  }
  Value minimum = floatOf(chunk, "minimums", part);
  if (format_.offset == OffsetKind::twoLevelMinimum) {
    minimum = e_->mulFlushed(minimum, e_->toFloat(integerOf(chunk, "sub_minimums", part)));
  }
  return format_.isMinimumAdded ? minimum : e_->neg(minimum);
}

//===----------------------------------------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------------------------------------===//

Index WeightRow::word(Chunk chunk, int64_t index) const {
  const int64_t lanes = planes_.front().lanes;
  Value load = chunk[size_t(index / lanes)];
  Index word(*e_, lanes == 1 ? load : e_->lane(load, index % lanes));
  return hasSignedCodes(format_) ? word ^ e_->constant(kSigns) : word;
}

/// Bits [column · b, (column + 1) · b) of the words of a chunk.
Index WeightRow::linearCode(Chunk chunk, int64_t column) const {
  const int64_t bits = format_.bits, at = column * bits / kWordBits, shift = column * bits % kWordBits;
  Index code = word(chunk, at) >> shift;
  if (shift + bits > kWordBits) {
    code = code | (word(chunk, at + 1) << (kWordBits - shift));
  }
  return code & ((int64_t(1) << bits) - 1);
}

/// The entries of the table, plus 128, for the codes in the lower four nibbles.
Index WeightRow::tableBytes(Index codes) const {
  auto entries = [&](int64_t first) {
    uint32_t bytes = 0;
    for (int64_t i = 0; i < 4; ++i) {
      bytes |= uint32_t(format_.table[size_t(first + i)] + kTableZero) << (8 * i);
    }
    return e_->constant(bytes);
  };
  constexpr int64_t kLowBits = 0x7777, kHighBits = 0x8888, kInOrder = 0x3210;
  Index low = codes & kLowBits;
  Index lower = e_->permuteBytes(entries(0), entries(4), low),
        upper = e_->permuteBytes(entries(8), entries(12), low);
  // The byte of `upper` where the code has its highest bit.
  return e_->permuteBytes(lower, upper, ((codes & kHighBits) >> 1) | kInOrder);
}

/// 2^23 plus what is subtracted from codes.
Value WeightRow::zero(Chunk chunk, int64_t part) const {
  if (format_.offset == OffsetKind::zeroPoint) {
    return e_->bitcast(integerOf(chunk, "zeros", part) | kFloatBits, e_->f32());
  }
  return e_->floatConst(kFloat + double(format_.map == CodeMap::table ? kTableZero : format_.zero));
}

/// What the codes of a part stand for, without scale.
Values WeightRow::integers(Chunk chunk, int64_t part) const {
  constexpr int64_t kNibble = 4, kByte = 8, kBytes = kWordBits / kByte;
  SmallVector<Index> fours;
  for (int64_t i = 0; format_.map == CodeMap::table && i < kPart; i += kBytes) {
    fours.push_back(tableBytes(word(chunk, part) >> (i * kNibble)));
  }
  Value zero = this->zero(chunk, part);
  Values integers;
  for (int64_t i = 0; i < kPart; ++i) {
    Index code = format_.map == CodeMap::table ? (fours[size_t(i / kBytes)] >> (i % kBytes * kByte)) & 0xFF
                                               : linearCode(chunk, part * kPart + i);
    integers.push_back(e_->sub(e_->bitcast(code | kFloatBits, e_->f32()), zero));
  }
  return integers;
}

//===----------------------------------------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------------------------------------===//

Values WeightRow::denseValues(Chunk chunk) const {
  const int64_t lanes = planes_.front().lanes;
  Values values;
  for (Value load : chunk) {
    Value wide = e_->widen(load);
    for (int64_t i = 0; i < lanes; ++i) {
      values.push_back(e_->lane(wide, i));
    }
  }
  return values;
}

Values WeightRow::values(Chunk chunk, int64_t part) const {
  if (isDense(format_)) {
    return denseValues(chunk);
  }
  Value scale = this->scale(chunk, part), offset = this->offset(chunk, part);
  Values values = integers(chunk, part);
  for (Value &value : values) {
    value = e_->mulFlushed(scale, value);
    value = offset ? e_->addFlushed(value, offset) : value;
  }
  return values;
}

} // namespace cria::cuda
