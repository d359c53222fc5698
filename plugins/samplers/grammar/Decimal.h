// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decimal: a number of JSON, exactly.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cria::grammar {

/// The number ±digits · 10^exponent. Zero has no digits; other digits neither begin nor end with zero.
struct Decimal {
  static constexpr int64_t kMaxDigits = 1000; // of the integer part and of the fraction

  bool isNegative = false;
  std::string digits;
  int64_t exponent = 0;

  /// Reads a number as JSON writes it; nullopt if it is none or has more than kMaxDigits.
  static std::optional<Decimal> parse(std::string_view text);

  bool isZero() const { return digits.empty(); }
  bool isInteger() const { return exponent >= 0; }
  Decimal magnitude() const { return {false, digits, exponent}; }
  Decimal negated() const { return {!isNegative && !isZero(), digits, exponent}; }
  /// The digits before the point, "0" if there are none, and those after it.
  std::string integerDigits() const;
  std::string fractionDigits() const;
  /// The greatest integer that is not above the number.
  Decimal floor() const;
  Decimal ceil() const { return negated().floor().negated(); }
  std::string text() const;

  std::strong_ordering operator<=>(const Decimal &other) const;
  bool operator==(const Decimal &other) const = default;
};

} // namespace cria::grammar
