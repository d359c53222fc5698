// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Some units are tried, each with the integers around the quotients of the groups' terms; then the unit that
// fits the best integers and their codes.
#include "format/SuperGroupEncoder.h"

#include <algorithm>
#include <cmath>

namespace cria {

constexpr int kTriedEnds = 3; // small integers that the largest scale of a super-group is tried with

/// The nearest integer to value / unit within [low, high]; 0 if the unit is 0.
static int quotientOf(float value, float unit, int low, int high) {
  const float quotient = unit != 0 ? std::clamp(value / unit, float(low), float(high)) : 0.0f;
  return int(quotient + (quotient < 0 ? -0.5f : 0.5f));
}

SuperGroupEncoder::SuperGroupEncoder(const GroupSearch &search, const WeightedValues &values, size_t first,
                                     size_t end, RowWriter &row)
    : search_(search), values_(values), first_(first), end_(end), row_(row) {
  const WeightFormatTraits &format = row.format();
  highScale_ = (1 << (format.subScaleBits - (format.hasSignedSubScales ? 1 : 0))) - 1;
  lowScale_ = format.hasSignedSubScales ? -highScale_ - 1 : 0;
  highMinimum_ = (1 << format.subMinimumBits) - 1;
  for (size_t group = first; group < end; ++group) {
    terms_.push_back(search.fit(valuesOf(group)));
  }
}

WeightedValues SuperGroupEncoder::valuesOf(size_t group) const {
  const size_t begin = (group - first_) * size_t(row_.format().group), size = row_.sizeOf(group);
  return {values_.values.subspan(begin, size), values_.weights.subspan(begin, size)};
}

/// Units with which the largest scale gets an integer close to an end.
std::vector<SuperUnits> SuperGroupEncoder::candidateUnits() const {
  const auto magnitude = [](const GroupTerms &each) { return std::fabs(each.scale); };
  const float scale = std::ranges::max_element(terms_, {}, magnitude)->scale;
  const float minimum = -std::ranges::min_element(terms_, {}, &GroupTerms::offset)->offset;
  std::vector<SuperUnits> units;
  for (int below = 0; below < kTriedEnds; ++below) {
    const float unit = minimum / float(std::max(1, highMinimum_ - below));
    units.push_back({scale / float(highScale_ - below), unit});
    if (lowScale_ < 0 && below < kTriedEnds - 1) {
      units.push_back({scale / float(lowScale_ + below), unit});
    }
  }
  return units;
}

/// Appends the integers next to the quotients of a group's terms by the units.
void SuperGroupEncoder::appendNeighbours(size_t group, const SuperUnits &units,
                                         std::vector<Integers> &integers) const {
  const GroupTerms &terms = terms_[group - first_];
  const int scale = quotientOf(terms.scale, units.scale, lowScale_, highScale_);
  const int minimum = quotientOf(-terms.offset, units.minimum, 0, highMinimum_);
  for (int m = std::max(0, minimum - 1); m <= std::min(highMinimum_, minimum + 1); ++m) {
    for (int s = std::max(lowScale_, scale - 1); s <= std::min(highScale_, scale + 1); ++s) {
      integers.push_back({s, m});
    }
  }
  if (units.scale == 0) {
    integers.push_back({0, 0}); // a minimum alone may be further from the values than 0 is
  }
}

/// Adds the best integers of one more group to each choice.
void SuperGroupEncoder::extend(std::vector<Choice> &choices, size_t group) const {
  std::vector<Integers> integers;
  std::vector<GroupTerms> candidates;
  std::vector<size_t> ends; // of each choice's candidates
  for (const Choice &choice : choices) {
    appendNeighbours(group, choice.units, integers);
    ends.push_back(integers.size());
    for (size_t i = candidates.size(); i < integers.size(); ++i) {
      candidates.push_back(termsOf(row_.format(), choice.units, integers[i].scale, integers[i].minimum));
    }
  }
  const std::vector<double> errors = search_.errorsOf(valuesOf(group), candidates);
  size_t begin = 0;
  for (size_t i = 0; i < choices.size(); begin = ends[i++]) {
    const auto best =
        std::min_element(errors.begin() + std::ptrdiff_t(begin), errors.begin() + std::ptrdiff_t(ends[i]));
    choices[i].integers.push_back(integers[size_t(best - errors.begin())]);
    choices[i].error += *best;
  }
}

/// The choice with the least error; nullopt if no units fit their types.
std::optional<SuperGroupEncoder::Choice> SuperGroupEncoder::bestFor(std::span<const SuperUnits> units) {
  std::vector<Choice> choices;
  for (const SuperUnits &each : units) {
    if (row_.storeUnits(first_, each)) {
      choices.push_back({row_.unitsOf(first_), {}, 0});
    }
  }
  for (size_t group = first_; group < end_; ++group) {
    extend(choices, group);
  }
  const auto best = std::ranges::min_element(choices, {}, &Choice::error);
  return best == choices.end() ? std::nullopt : std::optional(std::move(*best));
}

void SuperGroupEncoder::store(const Choice &choice) {
  row_.storeUnits(first_, choice.units);
  for (size_t group = first_; group < end_; ++group) {
    const Integers &integers = choice.integers[group - first_];
    row_.storeIntegers(group, integers.scale, integers.minimum);
  }
}

/// The unit of scales that is best for the integers and codes that the row has.
float SuperGroupEncoder::refittedScale() const {
  double products = 0, squares = 0;
  std::vector<uint8_t> codes(size_t(row_.format().group));
  for (size_t group = first_; group < end_; ++group) {
    const WeightedValues of = valuesOf(group);
    const GroupTerms terms = row_.termsOf(group);
    search_.encode(of.values, terms, codes);
    const double integer = row_.subScaleOf(group);
    for (size_t i = 0; i < of.values.size(); ++i) {
      const double multiple = integer * search_.valueOf(codes[i]);
      products += of.weights[i] * (of.values[i] - terms.offset) * multiple;
      squares += of.weights[i] * multiple * multiple;
    }
  }
  return squares > 0 ? float(products / squares) : 0.0f;
}

Overflow SuperGroupEncoder::encode() {
  const std::optional<Choice> best = bestFor(candidateUnits());
  if (!best) {
    return indexOfLargest(values_.values);
  }
  store(*best);
  const std::optional<Choice> refitted =
      bestFor(std::vector{SuperUnits{refittedScale(), best->units.minimum}});
  store(refitted && refitted->error < best->error ? *refitted : *best);
  std::vector<uint8_t> codes(size_t(row_.format().group));
  for (size_t group = first_; group < end_; ++group) {
    search_.encode(valuesOf(group).values, row_.termsOf(group), codes);
    row_.storeCodes(group, codes);
  }
  return std::nullopt;
}

} // namespace cria
