// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes rows: Q8_0 as ggml does, other formats with the least squared error that the search finds.
#include "format/ElementConversion.h"
#include "format/GroupSearch.h"
#include "format/WeightCodec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace cria {
namespace {

using Overflow = std::optional<size_t>; // the index of a value whose scale does not fit

constexpr int kTriedEnds = 3; // small integers that the largest scale of a super-group is tried with
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool areFinite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

size_t indexOfLargest(std::span<const float> values) {
  const auto magnitude = [](float value) { return std::fabs(value); };
  return size_t(std::ranges::max_element(values, {}, magnitude) - values.begin());
}

/// The nearest integer to value / unit within [low, high]; 0 if the unit is 0.
int quotientOf(float value, float unit, int low, int high) {
  const float quotient = unit != 0 ? std::round(value / unit) : 0.0f;
  return int(std::clamp(quotient, float(low), float(high)));
}

class RowEncoder {
public:
  RowEncoder(const WeightFormatTraits &format, std::span<const float> values, std::byte *row)
      : format_(format), search_(format), values_(values), row_(planesOf(format, row, values.size())),
        group_(size_t(format.group)), numGroups_((values.size() + group_ - 1) / group_), codes_(group_),
        bestCodes_(group_) {}

  Overflow encode() {
    const bool isTwoLevel = format_.scale == ScaleKind::twoLevel;
    const size_t step = isTwoLevel ? size_t(kSuperGroup) / group_ : 1;
    for (size_t first = 0; first < numGroups_; first += step) {
      const size_t end = std::min(first + step, numGroups_);
      const size_t begin = first * group_;
      const auto values = values_.subspan(begin, std::min(end * group_, values_.size()) - begin);
      const Overflow overflow = !areFinite(values)        ? spoil(first, end)
                                : isTwoLevel              ? encodeSuperGroup(first, end)
                                : hasSignedCodes(format_) ? encodeAsGgml(first)
                                                          : encodeGroup(first);
      if (overflow) {
        return begin + indexOfLargest(values);
      }
    }
    return std::nullopt;
  }

private:
  struct Units { // what small integers are multiplied by
    float scale = 0, minimum = 0;
  };

  std::span<const float> valuesOf(size_t group) const {
    return values_.subspan(group * group_, std::min(group_, values_.size() - group * group_));
  }
  void store(size_t group, std::span<const uint8_t> codes) {
    storeCodes(format_, row_.codes, group * group_, codes.first(valuesOf(group).size()));
  }
  size_t superGroupOf(size_t group) const { return group * group_ / size_t(kSuperGroup); }

  /// Makes all values of the groups NaN.
  Overflow spoil(size_t first, size_t end) {
    const size_t scale = format_.scale == ScaleKind::twoLevel ? superGroupOf(first) : first;
    storeFloat(format_.scaleType, row_.scales, scale, kNan);
    if (row_.minimums != nullptr) {
      storeFloat(ElementType::f16, row_.minimums, scale, kNan);
    }
    const std::vector<uint8_t> codes(group_, uint8_t(hasSignedCodes(format_) ? 0 : format_.zero));
    for (size_t group = first; group < end; ++group) {
      store(group, codes);
      storeIntegers(group, 0, 0);
      if (format_.offset == OffsetKind::zeroPoint) {
        storeZero(group, 0);
      }
    }
    return std::nullopt;
  }

  void storeIntegers(size_t group, int scale, int minimum) {
    if (row_.subScales != nullptr) {
      row_.subScales[group] = std::byte(scale);
    }
    if (row_.subMinimums != nullptr) {
      row_.subMinimums[group] = std::byte(minimum);
    }
  }

  void storeZero(size_t group, float zero) {
    const auto value = uint16_t(zero);
    const size_t size = format_.zeroPointBits > 8 ? 2 : 1;
    for (size_t i = 0; i < size; ++i) {
      row_.zeros[group * size + i] = std::byte(value >> 8 * i & 0xFF);
    }
  }

  /// Codes are quotients by the scale in f32, which is rounded to its type after. Halves go away from zero,
  /// and −128 is not used.
  Overflow encodeAsGgml(size_t group) {
    const std::span<const float> values = valuesOf(group);
    const float scale = std::fabs(values[indexOfLargest(values)]) / 127;
    const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
    for (size_t i = 0; i < values.size(); ++i) {
      // A scale whose inverse is infinite is rounded to 0; 0 · infinity is no number.
      const float quotient = std::isfinite(inverse) ? std::round(values[i] * inverse) : 0.0f;
      row_.codes[group * group_ + i] = std::byte(int(std::clamp(quotient, -127.0f, 127.0f)));
    }
    return storeFloat(format_.scaleType, row_.scales, group, scale) ? std::nullopt : Overflow(0);
  }

  /// Stores the terms of a group without codes. Returns whether they fit.
  bool storeTerms(size_t group, const GroupTerms &terms) {
    bool fits = storeFloat(format_.scaleType, row_.scales, group, terms.scale);
    if (format_.offset == OffsetKind::minimum) {
      const float sign = format_.isMinimumAdded ? 1.0f : -1.0f;
      fits = storeFloat(ElementType::f16, row_.minimums, group, sign * terms.offset) && fits;
    } else if (format_.offset == OffsetKind::zeroPoint) {
      storeZero(group, terms.zero);
    }
    return fits;
  }

  Overflow encodeGroup(size_t group) {
    const std::span<const float> values = valuesOf(group);
    const GroupTerms candidates[] = {search_.fit(values), search_.fitEnds(values)};
    const GroupTerms *best = nullptr;
    double bestError = 0;
    for (const GroupTerms &terms : candidates) {
      if (!storeTerms(group, terms)) {
        continue;
      }
      const double error = search_.encode(values, termsOf(format_, row_, group), codes_);
      if (best == nullptr || error < bestError) {
        best = &terms;
        bestError = error;
        bestCodes_.swap(codes_);
      }
    }
    if (best == nullptr) {
      return Overflow(0);
    }
    storeTerms(group, *best);
    store(group, bestCodes_);
    return std::nullopt;
  }

  /// The greatest small integer of a scale; the least is −high − 1, or 0.
  int highSubScale() const {
    return (1 << (format_.subScaleBits - (format_.hasSignedSubScales ? 1 : 0))) - 1;
  }

  /// Chooses the integers of a group for units that are stored, those closest to the terms and `around` on
  /// either side. Returns the squared error.
  double encodeIntegers(size_t group, const GroupTerms &terms, const Units &units, int around) {
    const int high = highSubScale(), low = format_.hasSignedSubScales ? -high - 1 : 0;
    const int highMinimum = (1 << format_.subMinimumBits) - 1;
    const int scale = quotientOf(terms.scale, units.scale, low, high);
    const int minimum = quotientOf(-terms.offset, units.minimum, 0, highMinimum);
    double bestError = INFINITY;
    int best = scale, bestMinimum = minimum;
    for (int m = std::max(0, minimum - around); m <= std::min(highMinimum, minimum + around); ++m) {
      for (int s = std::max(low, scale - around); s <= std::min(high, scale + around); ++s) {
        storeIntegers(group, s, m);
        const double error = search_.encode(valuesOf(group), termsOf(format_, row_, group), codes_);
        if (error < bestError) {
          bestError = error;
          best = s;
          bestMinimum = m;
        }
      }
    }
    storeIntegers(group, best, bestMinimum);
    return bestError;
  }

  /// Encodes the groups with units that are stored. Returns the squared error.
  double encodeGroups(size_t first, std::span<const GroupTerms> terms, int around) {
    const size_t superGroup = superGroupOf(first);
    const Units units = {loadFloat(format_.scaleType, row_.scales, superGroup),
                         row_.minimums == nullptr ? 0.0f
                                                  : loadFloat(ElementType::f16, row_.minimums, superGroup)};
    double sum = 0;
    for (size_t i = 0; i < terms.size(); ++i) {
      sum += encodeIntegers(first + i, terms[i], units, around);
    }
    return sum;
  }

  bool storeUnits(size_t first, const Units &units) {
    const bool fits = storeFloat(format_.scaleType, row_.scales, superGroupOf(first), units.scale);
    return (row_.minimums == nullptr ||
            storeFloat(ElementType::f16, row_.minimums, superGroupOf(first), units.minimum)) &&
           fits;
  }

  /// Units with which the largest scale and minimum get integers close to the ends.
  std::vector<Units> unitsFor(std::span<const GroupTerms> terms) const {
    const auto magnitude = [](const GroupTerms &each) { return std::fabs(each.scale); };
    const float scale = std::ranges::max_element(terms, {}, magnitude)->scale;
    const float minimum = -std::ranges::min_element(terms, {}, &GroupTerms::offset)->offset;
    const int high = highSubScale(), highMinimum = std::max(1, (1 << format_.subMinimumBits) - 1);
    std::vector<Units> units;
    for (int below = 0; below < kTriedEnds; ++below) {
      const float unit = minimum / float(std::max(1, highMinimum - below));
      units.push_back({scale / float(high - below), unit});
      if (format_.hasSignedSubScales) {
        units.push_back({-scale / float(high + 1 - below), unit});
      }
    }
    return units;
  }

  /// The unit of scales that is best for the integers and codes that the row has.
  float refitted(size_t first, size_t end) {
    double products = 0, squares = 0;
    for (size_t group = first; group < end; ++group) {
      const std::span<const float> values = valuesOf(group);
      GroupTerms terms = termsOf(format_, row_, group);
      search_.encode(values, terms, codes_);
      const auto bits = uint8_t(row_.subScales[group]);
      const double integer = format_.hasSignedSubScales ? double(int8_t(bits)) : double(bits);
      for (size_t i = 0; i < values.size(); ++i) {
        const double multiple = integer * search_.valueOf(codes_[i]);
        products += (values[i] - terms.offset) * multiple;
        squares += multiple * multiple;
      }
    }
    return squares > 0 ? float(products / squares) : 0.0f;
  }

  Overflow encodeSuperGroup(size_t first, size_t end) {
    std::vector<GroupTerms> terms;
    for (size_t group = first; group < end; ++group) {
      terms.push_back(search_.fit(valuesOf(group)));
    }
    std::optional<Units> best;
    double bestError = INFINITY;
    const auto isBetter = [&](const Units &units, int around) {
      if (!storeUnits(first, units)) {
        return false;
      }
      const double error = encodeGroups(first, terms, around);
      const bool isBest = !best || error < bestError;
      if (isBest) {
        best = units;
        bestError = error;
      }
      return isBest;
    };
    for (const Units &units : unitsFor(terms)) {
      isBetter(units, 0);
    }
    if (!best) {
      return Overflow(0);
    }
    storeUnits(first, *best);
    bestError = encodeGroups(first, terms, 1);
    if (!isBetter({refitted(first, end), best->minimum}, 1)) {
      storeUnits(first, *best);
      encodeGroups(first, terms, 1);
    }
    for (size_t group = first; group < end; ++group) {
      search_.encode(valuesOf(group), termsOf(format_, row_, group), codes_);
      store(group, codes_);
    }
    return std::nullopt;
  }

  const WeightFormatTraits &format_;
  GroupSearch search_;
  std::span<const float> values_;
  RowPlanes row_;
  size_t group_, numGroups_;
  std::vector<uint8_t> codes_, bestCodes_; // of a group, while it is encoded
};

} // namespace

std::optional<size_t> encodeRow(const WeightFormatTraits &format, std::span<const float> values,
                                std::byte *row) {
  if (isDense(format)) {
    const auto *source = reinterpret_cast<const std::byte *>(values.data());
    return convertElements(ElementType::f32, source, format.element, row, values.size());
  }
  return RowEncoder(format, values, row).encode();
}

} // namespace cria
