// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For each of some scales, values are rounded to codes, and the best scale and offset for these codes follow
// by weighted least squares.
#include "format/GroupSearch.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace cria {

/// Rounds to nearest even if |value| < 2^22, without a call.
static float roundEven(float value) {
  constexpr float kShift = 0x1.8p23f;
  return value + kShift - kShift;
}

/// The value of the largest magnitude.
static float extremeOf(std::span<const float> values) {
  return *std::ranges::max_element(values, {}, [](float value) { return std::fabs(value); });
}

/// Fills the lanes from `middle` − 8 · `step` to `middle` + 7 · `step`.
static void spread(Lanes &lanes, float middle, float step) {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = middle + step * (float(lane) - kLanes / 2);
  }
}

GroupSearch::GroupSearch(const WeightFormatTraits &format)
    : format_(format), codes_(format), values_(codeValues(format)) {
  if (format.map == CodeMap::table) {
    listNearest();
  }
}

/// The values halfway between two integers are multiples of 1/2, so that no range of nearest_ has one inside.
void GroupSearch::listNearest() {
  std::array<uint8_t, 256> order = {}; // codes by their values
  const auto codes = std::span(order).first(size_t{1} << format_.bits);
  std::iota(codes.begin(), codes.end(), uint8_t(0));
  std::ranges::sort(codes, {}, [this](uint8_t code) { return values_[code]; });
  size_t rank = 0;
  for (size_t i = 0; i < nearest_.size(); ++i) {
    const float middle = (float(i) - 255.5f) / 2; // of the range
    while (rank + 1 < codes.size() && 2 * middle > values_[codes[rank]] + values_[codes[rank + 1]]) {
      ++rank;
    }
    nearest_[i] = codes[rank];
  }
}

float GroupSearch::roundLinear(float quotient, float zero) const {
  return roundEven(std::clamp(quotient, codes_.lowest() - zero, codes_.highest() - zero));
}

uint8_t GroupSearch::nearestCode(float quotient) const {
  return nearest_[size_t(std::clamp(2 * quotient + 256, 0.0f, 511.0f))];
}

/// Keeps the scale of the lane with the greatest gain, what the error is below that of zeros; of gains that
/// differ by roundings alone, the first.
static void keepBestScale(const LaneSums &sums, const LaneTerms &terms, double &gain, GroupTerms &best) {
  constexpr double kRoundings = 1 + 0x1p-20;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double squares = sums.squares[lane], products = sums.products[lane];
    if (squares > 0 && products * products > gain * kRoundings * squares) {
      best = {.scale = float(products / squares), .zero = terms.zero[lane]};
      gain = products * products / squares;
    }
  }
}

GroupTerms GroupSearch::fitScale(const WeightedValues &group) const {
  const float extreme = extremeOf(group.values);
  const float step = (codes_.highest() - codes_.lowest()) / float((1 << format_.bits) - 1); // of two codes
  GroupTerms best;
  if (std::isfinite(1 / extreme)) {
    LaneTerms terms;
    for (size_t lane = 0; lane < kLanes; ++lane) { // half of them for each end
      const float end = lane % 2 == 0 ? codes_.lowest() : codes_.highest();
      terms.inverse[lane] = (end + 0.2f * step * (float(lane / 2) - kLanes / 4)) / extreme;
    }
    LaneSums sums;
    codes_.sum(group.values, group.weights, terms, sums);
    double gain = 0;
    keepBestScale(sums, terms, gain, best);
  }
  return best;
}

namespace {

/// Sums over the values of a group that do not depend on codes.
struct ValueSums {
  double weights = 0, values = 0;
};

struct LineFit {
  GroupTerms terms;
  double error = 0; // less the sum of squared values
};

} // namespace

/// The best scale and offset for the codes of a lane. Two-level minimums are subtracted, and their integers
/// are not negative: an offset above 0 is none.
static std::optional<LineFit> fitLine(const ValueSums &values, const LaneSums &sums, size_t lane,
                                      bool isSubtracted) {
  const double codes = sums.codes[lane], squares = sums.squares[lane], products = sums.products[lane];
  const double determinant = values.weights * squares - codes * codes;
  if (!(determinant > 0)) {
    return std::nullopt;
  }
  double scale = (values.weights * products - values.values * codes) / determinant;
  double offset = (squares * values.values - codes * products) / determinant;
  if (isSubtracted && offset > 0) {
    offset = 0;
    scale = products / squares;
  }
  return LineFit{{.scale = float(scale), .offset = float(offset)},
                 scale * scale * squares + 2 * scale * offset * codes + values.weights * offset * offset -
                     2 * scale * products - 2 * offset * values.values};
}

GroupTerms GroupSearch::fitMinimum(const WeightedValues &group) const {
  GroupTerms best = fitEnds(group.values);
  const float range = codes_.highest() * best.scale;
  if (!std::isfinite(1 / range)) {
    return best;
  }
  ValueSums values;
  for (size_t i = 0; i < group.values.size(); ++i) {
    values.weights += group.weights[i];
    values.values += double(group.weights[i]) * group.values[i];
  }
  LaneTerms terms = {.offset = best.offset - Lanes{}};
  spread(terms.inverse, codes_.highest() / range, 0.14f / range);
  LaneSums sums;
  codes_.sum(group.values, group.weights, terms, sums);
  double error = INFINITY;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const auto fit = fitLine(values, sums, lane, format_.offset == OffsetKind::twoLevelMinimum);
    if (fit && fit->error < error) {
      error = fit->error;
      best = fit->terms;
    }
  }
  return best;
}

GroupTerms GroupSearch::fitZeroPoint(const WeightedValues &group) const {
  const auto [least, largest] = std::ranges::minmax(group.values);
  const float low = std::min(least, 0.0f), range = std::max(largest, 0.0f) - low;
  const float most = std::min(codes_.highest(), float((1 << format_.zeroPointBits) - 1));
  GroupTerms best = fitEnds(group.values);
  if (!std::isfinite(1 / range)) {
    return best;
  }
  LaneTerms terms;
  spread(terms.inverse, codes_.highest() / range, 0.125f / range);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    terms.zero[lane] = std::clamp(roundEven(-low * terms.inverse[lane]), 0.0f, most);
  }
  LaneSums sums;
  codes_.sum(group.values, group.weights, terms, sums);
  double gain = 0;
  keepBestScale(sums, terms, gain, best);
  return best;
}

GroupTerms GroupSearch::fit(const WeightedValues &group) const {
  return format_.offset == OffsetKind::none        ? fitScale(group)
         : format_.offset == OffsetKind::zeroPoint ? fitZeroPoint(group)
                                                   : fitMinimum(group);
}

GroupTerms GroupSearch::fitEnds(std::span<const float> values) const {
  const float lowest = codes_.lowest(), highest = codes_.highest();
  if (format_.offset == OffsetKind::none) {
    return {.scale = extremeOf(values) / (std::fabs(lowest) >= highest ? lowest : highest)};
  }
  auto [low, high] = std::ranges::minmax(values);
  if (format_.offset == OffsetKind::zeroPoint) {
    low = std::min(low, 0.0f);
    high = std::max(high, 0.0f);
    const float scale = (high - low) / highest;
    const float most = std::min(highest, float((1 << format_.zeroPointBits) - 1));
    return {.scale = scale, .zero = scale > 0 ? std::clamp(roundEven(-low / scale), 0.0f, most) : 0.0f};
  }
  low = format_.offset == OffsetKind::twoLevelMinimum ? std::min(low, 0.0f) : low;
  return {.scale = (high - low) / highest, .offset = low};
}

void GroupSearch::encode(std::span<const float> values, const GroupTerms &terms,
                         std::span<uint8_t> codes) const {
  const float inverse = terms.scale != 0 ? 1 / terms.scale : 0.0f;
  const bool isExact = std::isfinite(inverse);
  const bool isTable = format_.map == CodeMap::table;
  const int zero = hasSignedCodes(format_) ? 0 : format_.zero; // of stored codes
  for (size_t i = 0; i < values.size(); ++i) {
    const float difference = values[i] - terms.offset;
    const float quotient = isExact ? difference * inverse : difference / terms.scale;
    codes[i] =
        isTable ? nearestCode(quotient) : uint8_t(int(roundLinear(quotient, terms.zero) + terms.zero) + zero);
  }
}

/// Fills the lanes with up to kLanes candidates.
static void setLanes(std::span<const GroupTerms> candidates, LaneTerms &terms) {
  for (size_t lane = 0; lane < candidates.size(); ++lane) {
    const GroupTerms &each = candidates[lane];
    terms.scale[lane] = each.scale;
    terms.inverse[lane] = each.scale != 0 ? 1 / each.scale : 0.0f;
    terms.offset[lane] = each.offset;
    terms.zero[lane] = each.zero;
  }
}

std::vector<double> GroupSearch::errorsOf(const WeightedValues &group,
                                          std::span<const GroupTerms> candidates) const {
  std::vector<double> errors;
  for (size_t first = 0; first < candidates.size(); first += kLanes) {
    const size_t count = std::min(kLanes, candidates.size() - first);
    LaneTerms terms;
    setLanes(candidates.subspan(first, count), terms);
    Lanes sums;
    codes_.sumErrors(group.values, group.weights, terms, sums);
    for (size_t lane = 0; lane < count; ++lane) {
      errors.push_back(std::isnan(sums[lane]) ? INFINITY : sums[lane]);
    }
  }
  return errors;
}

} // namespace cria
