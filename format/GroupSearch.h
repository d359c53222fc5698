// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Searches the terms and codes of a group of values with the least weighted sum of squared errors.
#pragma once

#include "format/CodeLanes.h"
#include "format/WeightRow.h"

#include <array>
#include <vector>

namespace cria {

/// Values of a group, finite and at least one, and how much the squared error of each counts.
struct WeightedValues {
  std::span<const float> values, weights;
};

/// For one format. Thread-safe.
class GroupSearch {
public:
  explicit GroupSearch(const WeightFormatTraits &format);

  /// Returns terms close to the best ones, before they are rounded to what the format stores.
  GroupTerms fit(const WeightedValues &group) const;
  /// Returns the terms of a plain quantizer: the value of the largest magnitude, or the least and the largest
  /// value, get the codes at the ends.
  GroupTerms fitEnds(std::span<const float> values) const;
  float valueOf(uint8_t code) const { return values_[code]; }
  /// Writes the nearest codes for given terms.
  void encode(std::span<const float> values, const GroupTerms &terms, std::span<uint8_t> codes) const;
  /// Returns the error of each candidate; infinity where it is no number.
  std::vector<double> errorsOf(const WeightedValues &group, std::span<const GroupTerms> candidates) const;

private:
  void listNearest();
  float roundLinear(float quotient, float zero) const;
  uint8_t nearestCode(float quotient) const;
  GroupTerms fitScale(const WeightedValues &group) const;
  GroupTerms fitMinimum(const WeightedValues &group) const;
  GroupTerms fitZeroPoint(const WeightedValues &group) const;

  const WeightFormatTraits &format_;
  CodeLanes codes_;
  std::array<float, 256> values_;         // of codes
  std::array<uint8_t, 512> nearest_ = {}; // codes of a table, by ⌊2 · quotient⌋ + 256
};

} // namespace cria
