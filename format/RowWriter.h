// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RowWriter: stores codes and terms of the groups of one row.
#pragma once

#include "format/WeightRow.h"

#include <optional>

namespace cria {

/// The index of a value whose scale does not fit; nullopt if all fit.
using Overflow = std::optional<size_t>;

/// The index of the value of the largest magnitude. values: at least one.
size_t indexOfLargest(std::span<const float> values);

/// Writes the planes of a row that has `columns` weights. Groups are counted from the beginning of the row.
class RowWriter {
public:
  RowWriter(const WeightFormatTraits &format, std::byte *row, size_t columns)
      : format_(format), planes_(planesOf(format, row, columns)), columns_(columns) {}

  const WeightFormatTraits &format() const { return format_; }
  size_t sizeOf(size_t group) const;
  GroupTerms termsOf(size_t group) const { return cria::termsOf(format_, planes_, group); }
  int subScaleOf(size_t group) const;
  /// The stored units of the super-group that `group` belongs to.
  SuperUnits unitsOf(size_t group) const;

  void storeCodes(size_t group, std::span<const uint8_t> codes);
  /// Stores the terms of a group of a format with one level. Returns whether they fit their types.
  bool storeTerms(size_t group, const GroupTerms &terms);
  void storeIntegers(size_t group, int scale, int minimum);
  /// Rounds the units to their types. Returns whether they fit.
  bool storeUnits(size_t group, const SuperUnits &units);
  /// Makes all values of the groups, which share a scale, NaN.
  void spoil(size_t first, size_t end);

private:
  size_t superGroupOf(size_t group) const { return group * size_t(format_.group) / size_t(kSuperGroup); }
  void storeZero(size_t group, float zero);

  const WeightFormatTraits &format_;
  RowPlanes planes_;
  size_t columns_;
};

} // namespace cria
