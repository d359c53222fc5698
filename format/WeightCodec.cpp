// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/WeightCodec.h"

#include "format/ElementConversion.h"
#include "format/WeightRow.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cria {

void decodeRow(const WeightFormatTraits &format, const std::byte *row, std::span<float> values) {
  if (isDense(format)) {
    convertElements(format.element, row, ElementType::f32, reinterpret_cast<std::byte *>(values.data()),
                    values.size());
    return;
  }
  const RowPlanes planes = planesOf(format, const_cast<std::byte *>(row), values.size()); // only read
  const std::array<float, 256> meanings = codeValues(format);
  const size_t group = std::min(size_t(format.group), values.size());
  std::vector<uint8_t> codes(group);
  for (size_t first = 0; first < values.size(); first += group) {
    const size_t size = std::min(group, values.size() - first);
    const GroupTerms terms = termsOf(format, planes, first / group);
    loadCodes(format, planes.codes, first, std::span(codes).first(size));
    for (size_t i = 0; i < size; ++i) {
      values[first + i] = terms.scale * (meanings[codes[i]] - terms.zero) + terms.offset;
    }
  }
}

/// `exponent`: the bits that are all set in NaN and infinity.
template <typename Word>
static std::optional<size_t> findExponent(const std::byte *row, size_t columns, Word exponent) {
  Word found = 0; // without branches, so that a loop over many values is one of vectors
  for (size_t i = 0; i < columns; ++i) {
    Word word;
    std::memcpy(&word, row + i * sizeof(Word), sizeof(Word));
    found |= Word((word & exponent) == exponent);
  }
  for (size_t i = 0; found != 0 && i < columns; ++i) {
    Word word;
    std::memcpy(&word, row + i * sizeof(Word), sizeof(Word));
    if ((word & exponent) == exponent) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<size_t> findNonFinite(const WeightFormatTraits &format, const std::byte *row, size_t columns) {
  if (isDense(format) && format.element == ElementType::f16) {
    return findExponent<uint16_t>(row, columns, 0x7C00);
  }
  if (isDense(format) && format.element == ElementType::bf16) {
    return findExponent<uint16_t>(row, columns, 0x7F80);
  }
  std::vector<float> values(columns);
  decodeRow(format, row, values);
  return findExponent<uint32_t>(reinterpret_cast<const std::byte *>(values.data()), columns, 0x7F800000);
}

} // namespace cria
