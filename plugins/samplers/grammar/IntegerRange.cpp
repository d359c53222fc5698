// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/IntegerRange.h"

#include <vector>

namespace cria::grammar {
namespace {

constexpr size_t kMaxDigits = 16;

std::string digitClass(char first, char last) {
  return first == last ? std::string("\"") + first + "\"" : std::string("[") + first + "-" + last + "]";
}

std::string anyDigits(size_t count) { return count == 0 ? "" : " [0-9]{" + std::to_string(count) + "}"; }

/// Appends alternatives for the numbers from `low` to `high`, which have the same number of digits.
void sameLength(const std::string &low, const std::string &high, const std::string &prefix,
                std::vector<std::string> &out) {
  if (low.empty()) {
    out.push_back(prefix);
    return;
  }
  const std::string lowRest = low.substr(1), highRest = high.substr(1);
  if (low[0] == high[0]) {
    sameLength(lowRest, highRest, prefix + " " + digitClass(low[0], low[0]), out);
    return;
  }
  const std::string nines(lowRest.size(), '9'), zeros(lowRest.size(), '0');
  const bool lowWhole = lowRest == zeros, highWhole = highRest == nines;
  if (!lowWhole) {
    sameLength(lowRest, nines, prefix + " " + digitClass(low[0], low[0]), out);
  }
  const char first = static_cast<char>(low[0] + (lowWhole ? 0 : 1)),
             last = static_cast<char>(high[0] - (highWhole ? 0 : 1));
  if (first <= last) {
    out.push_back(prefix + " " + digitClass(first, last) + anyDigits(lowRest.size()));
  }
  if (!highWhole) {
    sameLength(zeros, highRest, prefix + " " + digitClass(high[0], high[0]), out);
  }
}

/// Appends alternatives for the numbers from `low` to `high`; without `high`, up to kMaxDigits digits.
void notNegative(uint64_t low, std::optional<uint64_t> high, const std::string &prefix,
                 std::vector<std::string> &out) {
  const std::string first = std::to_string(low);
  const std::string last = high ? std::to_string(*high) : std::string(kMaxDigits, '9');
  for (size_t size = first.size(); size <= last.size(); ++size) {
    const std::string begin = size == first.size() ? first : "1" + std::string(size - 1, '0');
    const std::string end = size == last.size() ? last : std::string(size, '9');
    sameLength(begin, end, prefix, out);
  }
}

uint64_t magnitude(int64_t value) {
  return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
}

} // namespace

std::string integersBetween(std::optional<int64_t> minimum, std::optional<int64_t> maximum) {
  std::vector<std::string> parts;
  if (!minimum || *minimum < 0) { // negative numbers, by magnitude
    const uint64_t nearest = maximum && *maximum < 0 ? magnitude(*maximum) : 1;
    notNegative(nearest, minimum ? std::optional(magnitude(*minimum)) : std::nullopt, "\"-\"", parts);
  }
  if (!maximum || *maximum >= 0) {
    notNegative(minimum && *minimum > 0 ? magnitude(*minimum) : 0,
                maximum ? std::optional(magnitude(*maximum)) : std::nullopt, "", parts);
  }
  std::string expression;
  for (const std::string &part : parts) {
    expression += (expression.empty() ? "" : " | ") + part;
  }
  return "(" + expression + ")";
}

} // namespace cria::grammar
