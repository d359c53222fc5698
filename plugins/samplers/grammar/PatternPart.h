// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part: a part of a regular expression as GBNF.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace cria::grammar {

/// GBNF repeats nothing that may be empty, so there is also the part without the empty text. Both are such
/// that something may follow: a choice stands in brackets.
struct Part {
  std::string all = "\"\"";
  std::string nonEmpty; // "" when there is none
  bool mayBeEmpty = true;
};

inline Part solidPart(const std::string &text) { return {text, text, false}; }

/// Puts parts together. What would be written twice becomes a rule, so a grammar is as long as its pattern.
class PartBuilder {
public:
  /// Adds a rule and returns its name.
  using AddRule = std::function<std::string(const std::string &expression)>;
  explicit PartBuilder(AddRule addRule) : addRule_(std::move(addRule)) {}

  Part choice(std::span<const Part> alternatives) const {
    std::string all, nonEmpty;
    bool mayBeEmpty = false;
    for (const Part &part : alternatives) {
      append(all, part.all);
      append(nonEmpty, part.nonEmpty);
      mayBeEmpty |= part.mayBeEmpty;
    }
    return {shared("(" + all + ")"), nonEmpty.empty() ? "" : shared("(" + nonEmpty + ")"), mayBeEmpty};
  }

  Part sequence(std::span<const Part> parts) const {
    Part whole;
    std::string choices; // of nonEmpty: the first part that is not empty, and what follows it
    for (size_t i = parts.size(); i-- > 0;) {
      const Part &first = parts[i];
      if (first.nonEmpty.empty()) {
        continue;
      }
      const std::string rest = i + 1 == parts.size() ? "" : " " + shared(whole.all);
      whole.all = first.all + rest;
      std::string begun = first.nonEmpty + rest;
      if (first.mayBeEmpty) {
        append(begun, choices);
      }
      choices = std::move(begun);
      whole.mayBeEmpty &= first.mayBeEmpty;
    }
    whole.nonEmpty = choices.empty() ? "" : shared("(" + choices + ")");
    return whole;
  }

  /// Between `least` and `most` times; no `most`: any number.
  Part repeated(const Part &part, uint32_t least, std::optional<uint32_t> most) const {
    if (part.nonEmpty.empty() || most == 0) {
      return {};
    }
    const std::string once = shared("(" + part.nonEmpty + ")");
    const uint32_t fewest = part.mayBeEmpty ? 0 : least;
    const auto times = [&](uint32_t from) {
      return once + "{" + std::to_string(from) + "," + (most ? std::to_string(*most) : "") + "}";
    };
    return {times(fewest), times(fewest == 0 ? 1 : fewest), fewest == 0};
  }

private:
  static void append(std::string &choices, const std::string &choice) {
    choices += (choices.empty() || choice.empty() ? "" : " | ") + choice;
  }

  std::string shared(const std::string &text) const {
    constexpr size_t kShort = 48;
    return text.size() <= kShort ? text : addRule_(text);
  }

  AddRule addRule_;
};

} // namespace cria::grammar
