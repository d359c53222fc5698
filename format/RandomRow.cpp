// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/RandomRow.h"

#include "format/RandomWeights.h"
#include "format/WeightRow.h"

#include <vector>

namespace cria {
namespace {

void fillFloats(ElementType type, std::byte *plane, size_t count, float value) {
  for (size_t i = 0; plane != nullptr && i < count; ++i) {
    storeFloat(type, plane, i, value);
  }
}

void fillIntegers(std::byte *plane, size_t count, uint32_t value, size_t bytes = 1) {
  for (size_t i = 0; plane != nullptr && i < count * bytes; ++i) {
    plane[i] = std::byte(i % bytes == 0 ? value : 0); // little-endian
  }
}

void fillTerms(const WeightFormatTraits &format, const RowPlanes &row, int64_t columns) {
  const RandomTerms terms = randomTerms(format, uint64_t(columns));
  const auto countOf = [&](int64_t span) { return size_t((columns + span - 1) / span); };
  const size_t groups = countOf(format.group);
  const size_t outer = format.scale == ScaleKind::twoLevel ? countOf(kSuperGroup) : groups;
  fillFloats(format.scaleType, row.scales, outer, terms.scale);
  fillFloats(ElementType::f16, row.minimums, outer, terms.minimum);
  fillIntegers(row.subScales, groups, terms.subScale);
  fillIntegers(row.subMinimums, groups, terms.subMinimum);
  fillIntegers(row.zeros, groups, terms.zeroPoint, format.zeroPointBits > 8 ? 2 : 1);
}

} // namespace

void encodeRandomRow(const WeightFormatTraits &format, uint32_t rowKey, int64_t columns, std::byte *row) {
  const RowPlanes planes = planesOf(format, row, size_t(columns));
  std::vector<uint8_t> codes(static_cast<size_t>(columns));
  for (size_t column = 0; column < codes.size(); ++column) {
    codes[column] = uint8_t(randomCode(rowKey, uint32_t(column), format.bits));
  }
  storeCodes(format, planes.codes, 0, codes);
  fillTerms(format, planes, columns);
}

} // namespace cria
