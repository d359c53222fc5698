// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Searches the terms and codes of a group of values with the least sum of squared errors.
#pragma once

#include "format/WeightRow.h"

namespace cria {

/// For one format. Thread-safe.
class GroupSearch {
public:
  explicit GroupSearch(const WeightFormatTraits &format);

  /// Returns terms close to the best ones, before they are rounded to what the format stores. values: finite,
  /// at least one.
  GroupTerms fit(std::span<const float> values) const;
  /// Returns the terms of a plain quantizer: the value of the largest magnitude, or the least and the largest
  /// value, get the codes at the ends.
  GroupTerms fitEnds(std::span<const float> values) const;
  float valueOf(uint8_t code) const { return values_[code]; }
  /// Writes the nearest codes for given terms. Returns the sum of squared errors.
  double encode(std::span<const float> values, const GroupTerms &terms, std::span<uint8_t> codes) const;

private:
  struct Sums; // of products of values with what codes stand for
  float roundLinear(float quotient, float zero) const;
  uint8_t nearestCode(float quotient) const;
  Sums sumsOf(std::span<const float> values, float inverse, float shift, float zero) const;
  GroupTerms fitScale(std::span<const float> values) const;
  GroupTerms fitMinimum(std::span<const float> values) const;
  GroupTerms fitZeroPoint(std::span<const float> values) const;

  const WeightFormatTraits &format_;
  std::array<float, 256> values_;         // of codes
  float lowest_, highest_;                // of values_
  std::array<uint8_t, 512> nearest_ = {}; // codes of a table, by ⌊2 · quotient⌋ + 256
};

} // namespace cria
