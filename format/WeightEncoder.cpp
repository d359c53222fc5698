// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes rows: Q8_0 as ggml does, other formats with the least squared error that the search finds.
#include "format/ElementConversion.h"
#include "format/SuperGroupEncoder.h"
#include "format/WeightCodec.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cria {
namespace {

bool areFinite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

/// The search sums squares in f32. Scales in f16 end far below.
constexpr float kLargestSearched = 0x1p50f;

class RowEncoder {
public:
  RowEncoder(const WeightFormatTraits &format, const WeightedValues &values, std::byte *row)
      : format_(format), search_(format), values_(values), row_(format, row, values.values.size()),
        group_(std::min(size_t(format.group), values.values.size())), codes_(group_) {}

  Overflow encode() {
    const bool isTwoLevel = format_.scale == ScaleKind::twoLevel;
    const size_t step = isTwoLevel ? size_t(kSuperGroup) / group_ : 1;
    const size_t numGroups = (values_.values.size() + group_ - 1) / group_;
    for (size_t first = 0; first < numGroups; first += step) {
      if (const Overflow overflow = encodeGroups(first, std::min(first + step, numGroups))) {
        return first * group_ + *overflow;
      }
    }
    return std::nullopt;
  }

private:
  WeightedValues valuesOf(size_t first, size_t end) const {
    const size_t begin = first * group_, size = std::min(end * group_, values_.values.size()) - begin;
    return {values_.values.subspan(begin, size), values_.weights.subspan(begin, size)};
  }

  /// Encodes what shares a scale.
  Overflow encodeGroups(size_t first, size_t end) {
    const WeightedValues values = valuesOf(first, end);
    if (!areFinite(values.values)) {
      row_.spoil(first, end);
      return std::nullopt;
    }
    const size_t largest = indexOfLargest(values.values);
    if (searchesCodes(format_) && std::fabs(values.values[largest]) > kLargestSearched) {
      return largest;
    }
    if (format_.scale == ScaleKind::twoLevel) {
      return SuperGroupEncoder(search_, values, first, end, row_).encode();
    }
    const bool fits =
        hasSignedCodes(format_) ? encodeAsGgml(first, values.values) : encodeGroup(first, values);
    return fits ? std::nullopt : Overflow(largest);
  }

  /// Codes are quotients by the scale in f32, which is rounded to its type after. Halves go away from zero,
  /// and −128 is not used.
  bool encodeAsGgml(size_t group, std::span<const float> values) {
    const float scale = std::fabs(values[indexOfLargest(values)]) / 127;
    const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
    for (size_t i = 0; i < values.size(); ++i) {
      // A scale whose inverse is infinite is rounded to 0; 0 · infinity is no number.
      const float quotient = std::isfinite(inverse) ? std::round(values[i] * inverse) : 0.0f;
      codes_[i] = uint8_t(int(std::clamp(quotient, -127.0f, 127.0f)));
    }
    row_.storeCodes(group, codes_);
    return row_.storeTerms(group, {.scale = scale});
  }

  bool encodeGroup(size_t group, const WeightedValues &values) {
    std::vector<GroupTerms> fitting, stored;
    for (const GroupTerms &terms : {search_.fit(values), search_.fitEnds(values.values)}) {
      if (row_.storeTerms(group, terms)) {
        fitting.push_back(terms);
        stored.push_back(row_.termsOf(group));
      }
    }
    if (fitting.empty()) {
      return false;
    }
    const std::vector<double> errors = search_.errorsOf(values, stored);
    const auto best = size_t(std::ranges::min_element(errors) - errors.begin());
    row_.storeTerms(group, fitting[best]);
    search_.encode(values.values, stored[best], codes_);
    row_.storeCodes(group, codes_);
    return true;
  }

  const WeightFormatTraits &format_;
  GroupSearch search_;
  WeightedValues values_;
  RowWriter row_;
  size_t group_;
  std::vector<uint8_t> codes_; // of a group, while it is encoded
};

} // namespace

bool searchesCodes(const WeightFormatTraits &format) { return !isDense(format) && !hasSignedCodes(format); }

std::optional<size_t> encodeRow(const WeightFormatTraits &format, std::span<const float> values,
                                std::byte *row, std::span<const float> errorWeights) {
  if (isDense(format)) {
    const auto *source = reinterpret_cast<const std::byte *>(values.data());
    return convertElements(ElementType::f32, source, format.element, row, values.size());
  }
  const std::vector<float> ones(errorWeights.empty() ? values.size() : 0, 1.0f);
  return RowEncoder(format, {values, errorWeights.empty() ? ones : errorWeights}, row).encode();
}

} // namespace cria
