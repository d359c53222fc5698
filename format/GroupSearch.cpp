// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For each of some scales, values are rounded to codes, and the best scale and offset for these codes follow
// by least squares.
#include "format/GroupSearch.h"

#include <algorithm>
#include <cmath>

namespace cria {

/// Rounds to nearest even if |value| < 2^22. Loops with it become vector instructions.
static float roundEven(float value) {
  constexpr float kShift = 0x1.8p23f;
  return value + kShift - kShift;
}

/// The code of a table whose meaning is closest to the value.
static uint8_t closestCode(const WeightFormatTraits &format, float value) {
  const auto distance = [value](int8_t meaning) { return std::fabs(value - float(meaning)); };
  return uint8_t(std::ranges::min_element(format.table, {}, distance) - format.table.begin());
}

/// The value of the largest magnitude.
static float extremeOf(std::span<const float> values) {
  return *std::ranges::max_element(values, {}, [](float value) { return std::fabs(value); });
}

GroupSearch::GroupSearch(const WeightFormatTraits &format) : format_(format), values_(codeValues(format)) {
  const auto codes = std::span(values_).first(size_t{1} << format.bits);
  const auto [lowest, highest] = std::ranges::minmax(codes);
  lowest_ = lowest;
  highest_ = highest;
  for (size_t i = 0; format.map == CodeMap::table && i < nearest_.size(); ++i) {
    // The values halfway between two integers are multiples of 1/2, so that no range has one inside.
    nearest_[i] = closestCode(format, (float(i) - 255.5f) / 2);
  }
}

float GroupSearch::roundLinear(float quotient, float zero) const {
  return std::clamp(roundEven(std::clamp(quotient, -512.0f, 512.0f)), lowest_ - zero, highest_ - zero);
}

uint8_t GroupSearch::nearestCode(float quotient) const {
  return nearest_[size_t(std::clamp(2 * quotient + 256, 0.0f, 511.0f))];
}

struct GroupSearch::Sums {
  double codes = 0, squares = 0, values = 0, products = 0;
};

/// The sums over the codes of (value − shift) · inverse.
GroupSearch::Sums GroupSearch::sumsOf(std::span<const float> values, float inverse, float shift,
                                      float zero) const {
  Sums sums;
  const bool isTable = format_.map == CodeMap::table;
  for (const float value : values) {
    const float quotient = (value - shift) * inverse;
    const float code = isTable ? values_[nearestCode(quotient)] : roundLinear(quotient, zero);
    sums.codes += code;
    sums.squares += code * code;
    sums.values += value;
    sums.products += value * code;
  }
  return sums;
}

GroupTerms GroupSearch::fitScale(std::span<const float> values) const {
  const float extreme = extremeOf(values);
  const float step = (highest_ - lowest_) / float((1 << format_.bits) - 1); // between two codes
  GroupTerms best;
  double bestGain = 0; // what the error is below that of zeros
  for (const float end : {lowest_, highest_}) {
    for (int i = -9; i <= 9 && std::isfinite(1 / extreme); ++i) {
      const Sums sums = sumsOf(values, (end + 0.1f * float(i) * step) / extreme, 0, 0);
      if (sums.squares > 0 && sums.products * sums.products > bestGain * sums.squares) {
        best.scale = float(sums.products / sums.squares);
        bestGain = sums.products * sums.products / sums.squares;
      }
    }
  }
  return best;
}

GroupTerms GroupSearch::fitMinimum(std::span<const float> values) const {
  // Two-level minimums are subtracted, and their integers are not negative.
  const bool isSubtracted = format_.offset == OffsetKind::twoLevelMinimum;
  GroupTerms best = fitEnds(values);
  const float low = best.offset, range = highest_ * best.scale;
  const auto count = double(values.size());
  double bestError = INFINITY;
  for (int i = -1; i <= 20 && std::isfinite(1 / range); ++i) {
    const Sums sums = sumsOf(values, (highest_ - 1 + 0.1f * float(i)) / range, low, 0);
    const double determinant = count * sums.squares - sums.codes * sums.codes;
    if (determinant <= 0) {
      continue;
    }
    double scale = (count * sums.products - sums.values * sums.codes) / determinant;
    double offset = (sums.squares * sums.values - sums.codes * sums.products) / determinant;
    if (isSubtracted && offset > 0) {
      offset = 0;
      scale = sums.products / sums.squares;
    }
    // The squared error without the sum of squared values, which is the same for all.
    const double error = scale * scale * sums.squares + 2 * scale * offset * sums.codes +
                         count * offset * offset - 2 * scale * sums.products - 2 * offset * sums.values;
    if (error < bestError) {
      bestError = error;
      best = {.scale = float(scale), .offset = float(offset)};
    }
  }
  return best;
}

GroupTerms GroupSearch::fitZeroPoint(std::span<const float> values) const {
  const auto [least, largest] = std::ranges::minmax(values);
  const float low = std::min(least, 0.0f), range = std::max(largest, 0.0f) - low;
  const float most = std::min(highest_, float((1 << format_.zeroPointBits) - 1));
  GroupTerms best = fitEnds(values);
  double bestGain = 0;
  for (int i = -10; i <= 10 && std::isfinite(1 / range); ++i) {
    const float inverse = (highest_ + 0.1f * float(i)) / range;
    const float zero = std::clamp(roundEven(-low * inverse), 0.0f, most);
    const Sums sums = sumsOf(values, inverse, 0, zero);
    if (sums.squares > 0 && sums.products * sums.products > bestGain * sums.squares) {
      best = {.scale = float(sums.products / sums.squares), .zero = zero};
      bestGain = sums.products * sums.products / sums.squares;
    }
  }
  return best;
}

GroupTerms GroupSearch::fit(std::span<const float> values) const {
  return format_.offset == OffsetKind::none        ? fitScale(values)
         : format_.offset == OffsetKind::zeroPoint ? fitZeroPoint(values)
                                                   : fitMinimum(values);
}

GroupTerms GroupSearch::fitEnds(std::span<const float> values) const {
  if (format_.offset == OffsetKind::none) {
    const float end = std::fabs(lowest_) >= highest_ ? lowest_ : highest_;
    return {.scale = extremeOf(values) / end};
  }
  auto [low, high] = std::ranges::minmax(values);
  if (format_.offset == OffsetKind::zeroPoint) {
    low = std::min(low, 0.0f);
    high = std::max(high, 0.0f);
    const float scale = (high - low) / highest_;
    const float most = std::min(highest_, float((1 << format_.zeroPointBits) - 1));
    return {.scale = scale, .zero = scale > 0 ? std::clamp(roundEven(-low / scale), 0.0f, most) : 0.0f};
  }
  low = format_.offset == OffsetKind::twoLevelMinimum ? std::min(low, 0.0f) : low;
  return {.scale = (high - low) / highest_, .offset = low};
}

double GroupSearch::encode(std::span<const float> values, const GroupTerms &terms,
                           std::span<uint8_t> codes) const {
  const float inverse = terms.scale != 0 ? 1 / terms.scale : 0.0f;
  const bool isExact = std::isfinite(inverse);
  const bool isTable = format_.map == CodeMap::table;
  const int zero = hasSignedCodes(format_) ? 0 : format_.zero; // of stored codes
  double error = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const float difference = values[i] - terms.offset;
    const float quotient = isExact ? difference * inverse : difference / terms.scale;
    const uint8_t tableCode = isTable ? nearestCode(quotient) : uint8_t(0);
    const float code = isTable ? values_[tableCode] : roundLinear(quotient, terms.zero);
    codes[i] = isTable ? tableCode : uint8_t(int(code + terms.zero) + zero);
    const float decoded = terms.scale * code + terms.offset;
    error += double(values[i] - decoded) * double(values[i] - decoded);
  }
  return error;
}

} // namespace cria
