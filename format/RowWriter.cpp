// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/RowWriter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cria {

size_t indexOfLargest(std::span<const float> values) {
  const auto magnitude = [](float value) { return std::fabs(value); };
  return size_t(std::ranges::max_element(values, {}, magnitude) - values.begin());
}

size_t RowWriter::sizeOf(size_t group) const {
  const auto size = size_t(format_.group);
  return std::min(size, columns_ - group * size);
}

int RowWriter::subScaleOf(size_t group) const {
  const auto bits = uint8_t(planes_.subScales[group]);
  return format_.hasSignedSubScales ? int8_t(bits) : bits;
}

SuperUnits RowWriter::unitsOf(size_t group) const {
  const size_t index = superGroupOf(group);
  return {loadFloat(format_.scaleType, planes_.scales, index),
          planes_.minimums == nullptr ? 0.0f : loadFloat(ElementType::f16, planes_.minimums, index)};
}

void RowWriter::storeCodes(size_t group, std::span<const uint8_t> codes) {
  cria::storeCodes(format_, planes_.codes, group * size_t(format_.group), codes.first(sizeOf(group)));
}

/// Whether the type holds the value, which a search whose sums overflow makes infinite or NaN.
static bool storeFinite(ElementType type, std::byte *plane, size_t index, float value) {
  return storeFloat(type, plane, index, value) && std::isfinite(value);
}

bool RowWriter::storeTerms(size_t group, const GroupTerms &terms) {
  bool fits = storeFinite(format_.scaleType, planes_.scales, group, terms.scale);
  if (format_.offset == OffsetKind::minimum) {
    const float sign = format_.isMinimumAdded ? 1.0f : -1.0f;
    fits = storeFinite(ElementType::f16, planes_.minimums, group, sign * terms.offset) && fits;
  } else if (format_.offset == OffsetKind::zeroPoint) {
    storeZero(group, terms.zero);
  }
  return fits;
}

void RowWriter::storeIntegers(size_t group, int scale, int minimum) {
  if (planes_.subScales != nullptr) {
    planes_.subScales[group] = std::byte(scale);
  }
  if (planes_.subMinimums != nullptr) {
    planes_.subMinimums[group] = std::byte(minimum);
  }
}

void RowWriter::storeZero(size_t group, float zero) {
  const auto value = uint16_t(zero);
  const size_t size = format_.zeroPointBits > 8 ? 2 : 1;
  for (size_t i = 0; i < size; ++i) {
    planes_.zeros[group * size + i] = std::byte(value >> 8 * i & 0xFF);
  }
}

bool RowWriter::storeUnits(size_t group, const SuperUnits &units) {
  const size_t index = superGroupOf(group);
  const bool fits = storeFinite(format_.scaleType, planes_.scales, index, units.scale);
  return (planes_.minimums == nullptr ||
          storeFinite(ElementType::f16, planes_.minimums, index, units.minimum)) &&
         fits;
}

void RowWriter::spoil(size_t first, size_t end) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const size_t scale = format_.scale == ScaleKind::twoLevel ? superGroupOf(first) : first;
  storeFloat(format_.scaleType, planes_.scales, scale, kNan);
  if (planes_.minimums != nullptr) {
    storeFloat(ElementType::f16, planes_.minimums, scale, kNan);
  }
  const std::vector<uint8_t> codes(sizeOf(first), uint8_t(hasSignedCodes(format_) ? 0 : format_.zero));
  for (size_t group = first; group < end; ++group) {
    storeCodes(group, codes);
    storeIntegers(group, 0, 0);
    if (format_.offset == OffsetKind::zeroPoint) {
      storeZero(group, 0);
    }
  }
}

} // namespace cria
