// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An encoded row of a weight (format/WeightArrays.h) as its planes: the codes, and what is applied to the
// codes of each group. For the code that encodes, decodes and converts rows. Thread-safe.
#pragma once

#include "format/WeightArrays.h"

#include <array>
#include <cstddef>
#include <span>

namespace cria {

/// Where the planes of an encoded row begin, without alignment; null: the format does not have the plane.
struct RowPlanes {
  std::byte *codes = nullptr, *scales = nullptr, *subScales = nullptr, *minimums = nullptr,
            *subMinimums = nullptr, *zeros = nullptr;
};
/// `row`: rowBytes(format, columns) bytes.
RowPlanes planesOf(const WeightFormatTraits &format, std::byte *row, size_t columns);

/// What is applied to the codes of a group, in this order: value = scale · (map(code) − zero) + offset. The
/// product and the sum are rounded to f32, each on its own, as ggml does.
struct GroupTerms {
  float scale = 0;
  float zero = 0;       // a zero point; 0 without one
  float offset = -0.0f; // a minimum, with its sign; −0 without one, which changes no sum, not even −0
};
/// What the integers of a super-group's groups are multiplied by.
struct SuperUnits {
  float scale = 0, minimum = 0;
};
/// The terms of a group of a format with two levels.
GroupTerms termsOf(const WeightFormatTraits &format, const SuperUnits &units, int scale, int minimum);
/// Returns the terms of group `group` of a row. A scale of two levels is their rounded product.
GroupTerms termsOf(const WeightFormatTraits &format, const RowPlanes &row, size_t group);

/// Returns map(code) for every stored code of a format.
std::array<float, 256> codeValues(const WeightFormatTraits &format);

/// Reads or writes the stored codes of columns [first, first + codes.size()) of a row. REQUIRES: `first` is a
/// multiple of 8.
void loadCodes(const WeightFormatTraits &format, const std::byte *row, size_t first,
               std::span<uint8_t> codes);
void storeCodes(const WeightFormatTraits &format, std::byte *row, size_t first,
                std::span<const uint8_t> codes);

/// Reads or writes element `index` of a plane of scales or minimums.
float loadFloat(ElementType type, const std::byte *plane, size_t index);
/// Returns whether the value fits; a finite one that does not becomes infinite.
bool storeFloat(ElementType type, std::byte *plane, size_t index, float value);

} // namespace cria
