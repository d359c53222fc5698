// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part: a part of a regular expression, translated to GBNF.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace cria::grammar {

/// A GBNF expression, in two forms, since GBNF cannot repeat an expression that matches the empty text. Both
/// are operands of a sequence: alternatives are in parentheses.
struct Part {
  std::string all = "\"\"";
  std::string nonEmpty; // the same without the empty text; "" if nothing remains
  bool mayBeEmpty = true;
};

/// A part that does not match the empty text.
inline Part solidPart(const std::string &text) { return {text, text, false}; }

/// Combines parts. A long expression that is used twice becomes a rule, so the size of the grammar is linear
/// in that of the pattern.
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
    std::string choices; // alternatives of nonEmpty, by the first part that is not empty
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

  /// Repeats `part` from `minimum` to `maximum` times; without `maximum`, any number of times.
  Part repeated(const Part &part, uint32_t minimum, std::optional<uint32_t> maximum) const {
    if (part.nonEmpty.empty() || maximum == 0) {
      return {};
    }
    const std::string once = shared("(" + part.nonEmpty + ")");
    const uint32_t fewest = part.mayBeEmpty ? 0 : minimum;
    const auto times = [&](uint32_t from) {
      return once + "{" + std::to_string(from) + "," + (maximum ? std::to_string(*maximum) : "") + "}";
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
