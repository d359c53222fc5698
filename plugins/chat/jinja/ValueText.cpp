// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How values print: as Python's str and repr.
#include "plugins/chat/jinja/Value.h"

#include <charconv>
#include <cmath>

namespace cria::jinja {

// Python writes an exponent outside 1e-4 .. 1e16, with at least two digits.
static std::string layOut(std::string digits, int exponent) {
  constexpr int kLowestPlain = -4;
  constexpr int kHighestPlain = 16;
  const auto size = static_cast<int>(digits.size());
  if (exponent < kLowestPlain || exponent >= kHighestPlain) {
    const std::string shown = std::to_string(std::abs(exponent));
    const std::string mantissa = size > 1 ? digits.substr(0, 1) + "." + digits.substr(1) : digits;
    return mantissa + (exponent < 0 ? "e-" : "e+") + (shown.size() < 2 ? "0" : "") + shown;
  }
  if (exponent < 0) {
    return "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  }
  if (size <= exponent + 1) {
    return digits + std::string(static_cast<size_t>(exponent + 1 - size), '0') + ".0";
  }
  return digits.insert(static_cast<size_t>(exponent) + 1, ".");
}

std::string realToText(double value) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value), std::chars_format::scientific);
  const std::string shortest(buffer, end.ptr); // d.ddde+xx
  const size_t mark = shortest.find('e');
  std::string digits = shortest.substr(0, 1) + (mark > 2 ? shortest.substr(2, mark - 2) : "");
  return (std::signbit(value) ? "-" : "") + layOut(std::move(digits), std::stoi(shortest.substr(mark + 1)));
}

static Text listToText(Budget &budget, const List &list) {
  Text text = list.isTuple ? U"(" : U"[";
  for (size_t i = 0; i < list.items.size(); ++i) {
    text += (i == 0 ? U"" : U", ") + toRepr(budget, list.items[i]);
  }
  const bool isSingle = list.isTuple && list.items.size() == 1;
  return text += isSingle ? U",)" : list.isTuple ? U")" : U"]";
}

static Text dictToText(Budget &budget, const Dict &dict) {
  Text text = U"{";
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    const auto &[key, value] = dict.entries[i];
    text += (i == 0 ? U"" : U", ") + toRepr(budget, key) + U": " + toRepr(budget, value);
  }
  return text += U"}";
}

static Text scalarToText(const Value &value) {
  if (value.is<Undefined>()) {
    return U"Undefined";
  }
  if (value.is<None>()) {
    return U"None";
  }
  if (value.is<bool>()) {
    return value.get<bool>() ? U"True" : U"False";
  }
  if (value.is<int64_t>()) {
    return textFromAscii(std::to_string(value.get<int64_t>()));
  }
  if (value.is<double>()) {
    return textFromAscii(realToText(value.get<double>()));
  }
  throw Failure("a " + std::string(value.typeName()) + " cannot be printed");
}

Text toText(Budget &budget, const Value &value) {
  if (value.text() != nullptr) {
    budget.characters(value.text()->size());
    return *value.text();
  }
  return value.is<Undefined>() ? Text() : toRepr(budget, value); // by itself it prints nothing
}

Text toRepr(Budget &budget, const Value &value) {
  budget.step();
  if (value.dict() != nullptr && value.dict()->isLoop) {
    throw Failure("the variable loop cannot be printed");
  }
  Text text = value.text() != nullptr   ? quoted(*value.text())
              : value.list() != nullptr ? listToText(budget, *value.list())
              : value.dict() != nullptr ? dictToText(budget, *value.dict())
                                        : scalarToText(value);
  budget.characters(text.size());
  return text;
}

} // namespace cria::jinja
