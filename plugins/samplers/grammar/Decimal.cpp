// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/Decimal.h"

#include <charconv>

namespace cria::grammar {
namespace {

bool takeDigits(std::string_view &text, std::string &digits) {
  const size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
  digits += text.substr(0, size);
  text.remove_prefix(size);
  return size > 0;
}

/// Returns the integer after a natural number in decimal digits.
std::string successor(std::string digits) {
  for (size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  return "1" + digits;
}

} // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal result;
  result.isNegative = text.starts_with('-');
  text.remove_prefix(result.isNegative ? 1 : 0);
  if (!takeDigits(text, result.digits)) {
    return std::nullopt;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const size_t before = result.digits.size();
    takeDigits(text, result.digits);
    result.exponent = -static_cast<int64_t>(result.digits.size() - before);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(text.starts_with("e+") || text.starts_with("E+") ? 2 : 1);
    int64_t exponent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc() || exponent > 2 * kMaxDigits || exponent < -2 * kMaxDigits) {
      return std::nullopt;
    }
    result.exponent += exponent;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  const size_t first = std::min(result.digits.find_first_not_of('0'), result.digits.size());
  result.digits.erase(0, first);
  while (result.digits.ends_with('0')) {
    result.digits.pop_back();
    ++result.exponent;
  }
  if (result.digits.empty()) {
    return Decimal();
  }
  const int64_t size = static_cast<int64_t>(result.digits.size()) + result.exponent;
  const bool isInRange = text.empty() && size <= kMaxDigits && result.exponent >= -kMaxDigits;
  return isInRange ? std::optional(result) : std::nullopt;
}

std::string Decimal::integerDigits() const {
  const int64_t size = static_cast<int64_t>(digits.size()) + exponent;
  if (size <= 0) {
    return "0";
  }
  return exponent >= 0 ? digits + std::string(static_cast<size_t>(exponent), '0')
                       : digits.substr(0, static_cast<size_t>(size));
}

std::string Decimal::fractionDigits() const {
  if (exponent >= 0) {
    return "";
  }
  const int64_t size = static_cast<int64_t>(digits.size()) + exponent;
  return size >= 0 ? digits.substr(static_cast<size_t>(size))
                   : std::string(static_cast<size_t>(-size), '0') + digits;
}

Decimal Decimal::floor() const {
  if (isInteger()) {
    return *this;
  }
  const std::string whole = integerDigits();
  return *parse(isNegative ? "-" + successor(whole) : whole);
}

std::string Decimal::text() const {
  const std::string fraction = fractionDigits();
  return (isNegative ? "-" : "") + integerDigits() + (fraction.empty() ? "" : "." + fraction);
}

std::strong_ordering Decimal::operator<=>(const Decimal &other) const {
  if (isNegative != other.isNegative) {
    return isNegative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  const std::string a = integerDigits(), b = other.integerDigits();
  std::strong_ordering order = a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
  if (order == 0) {
    order = fractionDigits() <=> other.fractionDigits(); // neither ends with zero
  }
  return isNegative ? 0 <=> order : order;
}

} // namespace cria::grammar
