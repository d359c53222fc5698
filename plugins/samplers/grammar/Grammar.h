// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grammar: rules over characters, as a parser of GBNF leaves them. Repetitions and groups are rules of their
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria::grammar {

struct CharRange {
  uint32_t first, last; // code points, inclusive
};

/// One character of a class, or a rule.
struct Symbol {
  bool isRule = false;
  uint32_t rule = 0;             // isRule
  std::vector<CharRange> ranges; // else; by their first characters
  bool isNegated = false;

  bool accepts(uint32_t character) const;
  /// Some character from `first` to `last`.
  bool acceptsAnyOf(uint32_t first, uint32_t last) const;
};

using Sequence = std::vector<Symbol>;

struct Rule {
  std::string name; // of helper rules: that of the rule they belong to
  std::vector<Sequence> alternatives;
  size_t at = 0; // where it is defined, bytes into the text
};

struct Grammar {
  std::vector<Rule> rules;
  uint32_t root = 0;
};

/// Reads GBNF and checks that the grammar can be matched: every rule is defined, produces a finite text, and
/// does not begin with itself. Throws plugin::Refusal (INVALID_ARGUMENT) with line and column.
Grammar parseGbnf(std::string_view text, std::string_view rootName);

/// A rule that cannot be matched, and why.
struct RuleProblem {
  uint32_t rule;
  const char *why;
};
/// The checks of parseGbnf beside syntax, in time linear in the grammar.
std::optional<RuleProblem> findProblem(const Grammar &grammar);

} // namespace cria::grammar
