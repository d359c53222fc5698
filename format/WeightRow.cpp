// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/WeightRow.h"

#include "format/ElementConversion.h"

#include <algorithm>
#include <cstring>

namespace cria {

RowPlanes planesOf(const WeightFormatTraits &format, std::byte *row, size_t columns) {
  RowPlanes planes;
  for (const WeightPlane &plane : planesOf(format)) {
    const std::string_view suffix = plane.suffix;
    std::byte *&begin = suffix == "scales"         ? planes.scales
                        : suffix == "sub_scales"   ? planes.subScales
                        : suffix == "minimums"     ? planes.minimums
                        : suffix == "sub_minimums" ? planes.subMinimums
                        : suffix == "zeros"        ? planes.zeros
                                                   : planes.codes;
    begin = row;
    row += static_cast<size_t>(plane.elementsOf(static_cast<int64_t>(columns))) * sizeOf(plane.type);
  }
  return planes;
}

float loadFloat(ElementType type, const std::byte *plane, size_t index) {
  float value = 0;
  convertElements(type, plane + index * sizeOf(type), ElementType::f32, reinterpret_cast<std::byte *>(&value),
                  1);
  return value;
}

bool storeFloat(ElementType type, std::byte *plane, size_t index, float value) {
  const auto *bytes = reinterpret_cast<const std::byte *>(&value);
  return !convertElements(ElementType::f32, bytes, type, plane + index * sizeOf(type), 1);
}

static float zeroOf(const WeightFormatTraits &format, const std::byte *zeros, size_t group) {
  if (format.zeroPointBits <= 8) {
    return float(uint8_t(zeros[group]));
  }
  uint16_t zero = 0;
  std::memcpy(&zero, zeros + group * sizeof(zero), sizeof(zero));
  return float(zero);
}

static float signOfMinimum(const WeightFormatTraits &format) { return format.isMinimumAdded ? 1.0f : -1.0f; }

GroupTerms termsOf(const WeightFormatTraits &format, const SuperUnits &units, int scale, int minimum) {
  GroupTerms terms = {.scale = units.scale * float(scale)};
  if (format.offset == OffsetKind::twoLevelMinimum) {
    terms.offset = signOfMinimum(format) * (units.minimum * float(minimum));
  }
  return terms;
}

static GroupTerms superTermsOf(const WeightFormatTraits &format, const RowPlanes &row, size_t group) {
  const size_t superGroup = group * size_t(format.group) / size_t(kSuperGroup);
  const auto bits = uint8_t(row.subScales[group]);
  const int scale = format.hasSignedSubScales ? int8_t(bits) : bits;
  SuperUnits units = {.scale = loadFloat(format.scaleType, row.scales, superGroup)};
  if (format.offset != OffsetKind::twoLevelMinimum) {
    return termsOf(format, units, scale, 0);
  }
  units.minimum = loadFloat(ElementType::f16, row.minimums, superGroup);
  return termsOf(format, units, scale, uint8_t(row.subMinimums[group]));
}

GroupTerms termsOf(const WeightFormatTraits &format, const RowPlanes &row, size_t group) {
  if (format.scale == ScaleKind::twoLevel) {
    return superTermsOf(format, row, group);
  }
  GroupTerms terms = {.scale = loadFloat(format.scaleType, row.scales, group)};
  if (format.offset == OffsetKind::minimum) {
    terms.offset = signOfMinimum(format) * loadFloat(ElementType::f16, row.minimums, group);
  } else if (format.offset == OffsetKind::zeroPoint) {
    terms.zero = zeroOf(format, row.zeros, group);
  }
  return terms;
}

std::array<float, 256> codeValues(const WeightFormatTraits &format) {
  std::array<float, 256> values = {};
  for (size_t code = 0; code < size_t{1} << format.bits; ++code) {
    values[code] = format.map == CodeMap::table ? float(format.table[code])
                   : hasSignedCodes(format)     ? float(int8_t(uint8_t(code)))
                                                : float(int(code) - format.zero);
  }
  return values;
}

void loadCodes(const WeightFormatTraits &format, const std::byte *row, size_t first,
               std::span<uint8_t> codes) {
  const size_t bits = size_t(format.bits);
  row += first * bits / 8;
  if (bits == 8) {
    std::memcpy(codes.data(), row, codes.size());
    return;
  }
  const auto mask = uint8_t((1u << bits) - 1);
  uint32_t buffer = 0;
  size_t available = 0; // bits of the buffer
  for (uint8_t &code : codes) {
    if (available < bits) {
      buffer |= uint32_t(*row++) << available;
      available += 8;
    }
    code = uint8_t(buffer) & mask;
    buffer >>= bits;
    available -= bits;
  }
}

void storeCodes(const WeightFormatTraits &format, std::byte *row, size_t first,
                std::span<const uint8_t> codes) {
  const size_t bits = size_t(format.bits);
  row += first * bits / 8;
  if (bits == 8) {
    std::memcpy(row, codes.data(), codes.size());
    return;
  }
  uint32_t buffer = 0;
  size_t used = 0; // bits of the buffer
  for (const uint8_t code : codes) {
    buffer |= uint32_t(code) << used;
    used += bits;
    if (used >= 8) {
      *row++ = std::byte(buffer & 0xFF);
      buffer >>= 8;
      used -= 8;
    }
  }
  if (used > 0) {
    *row = std::byte(buffer & 0xFF);
  }
}

} // namespace cria
