// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part: a part of a regular expression as GBNF.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace cria::grammar {

/// A part of a pattern. GBNF repeats nothing that may be empty, so there is also the part without the empty
/// text.
struct Part {
  std::string all;
  std::string nonEmpty; // "" when there is none
  bool mayBeEmpty = false;
};

inline Part emptyPart() { return {.all = "\"\"", .nonEmpty = "", .mayBeEmpty = true}; }
inline Part solidPart(const std::string &text) { return {.all = text, .nonEmpty = text}; }

inline std::string either(const std::string &a, const std::string &b) {
  return a.empty() ? b : b.empty() ? a : "(" + a + " | " + b + ")";
}

inline Part alternative(const Part &a, const Part &b) {
  return {either(a.all, b.all), either(a.nonEmpty, b.nonEmpty), a.mayBeEmpty || b.mayBeEmpty};
}

inline Part sequence(const Part &a, const Part &b) {
  const std::string begun = a.nonEmpty.empty() ? "" : a.nonEmpty + " " + b.all;
  return {a.all + " " + b.all, a.mayBeEmpty ? either(begun, b.nonEmpty) : begun,
          a.mayBeEmpty && b.mayBeEmpty};
}

/// Between `least` and `most` times; no `most`: any number.
inline Part repeated(const Part &part, uint32_t least, std::optional<uint32_t> most) {
  if (part.nonEmpty.empty() || most == 0) {
    return emptyPart();
  }
  const uint32_t fewest = part.mayBeEmpty ? 0 : least;
  const auto times = [&](uint32_t from) {
    return "(" + part.nonEmpty + "){" + std::to_string(from) + "," + (most ? std::to_string(*most) : "") +
           "}";
  };
  return {times(fewest), times(std::max(fewest, 1u)), fewest == 0};
}

} // namespace cria::grammar
