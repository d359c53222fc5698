// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grammar: a context-free grammar over Unicode characters, as parsed from GBNF. Groups are rules of their
// own. A repetition is a symbol with bounds, which the matcher counts; what it repeats never matches the
// empty text.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria::grammar {

struct CharRange {
  uint32_t first, last; // code points, inclusive
};

/// Above all characters: the symbols that stand for tokens of a vocabulary, whatever their texts are, by id.
inline constexpr uint32_t kFirstToken = 0x110000;
inline constexpr uint32_t kMaxTokens = 1 << 24;

/// No upper bound of a repetition.
inline constexpr uint32_t kUnbounded = UINT32_MAX;

/// A symbol of an alternative: a reference to a rule, or one character or token of a class, repeated from
/// `minimum` to `maximum` times; or a condition, which matches the empty text.
struct Symbol {
  bool isRule = false;
  bool isDistinct = false;       // a condition: the item or name that ends here repeats none (JsonProgress)
  uint32_t rule = 0;             // index of the rule, if isRule
  std::vector<CharRange> ranges; // the class, if !isRule; sorted by their first characters
  bool isNegated = false;        // the class has all characters but those of `ranges`
  uint32_t minimum = 1, maximum = 1;

  /// Returns whether the class contains `character`. REQUIRES: !isRule
  bool accepts(uint32_t character) const;
  /// Returns whether the class contains at least one character from `first` to `last`. REQUIRES: !isRule
  bool acceptsAnyOf(uint32_t first, uint32_t last) const;
  /// Returns whether the class contains every character from `first` to `last`. REQUIRES: !isRule
  bool acceptsAllOf(uint32_t first, uint32_t last) const;
};

using Sequence = std::vector<Symbol>;

struct Rule {
  std::string name; // for a group or repetition, the name of the rule that contains it
  std::vector<Sequence> alternatives;
  size_t at = 0; // byte offset of the definition in the source
};

struct Grammar {
  std::vector<Rule> rules;
  uint32_t root = 0; // index of the start rule
};

/// Returns for each rule whether it matches the empty text. Takes time linear in the size of the grammar.
std::vector<bool> nullableRules(const Grammar &grammar);
/// Makes every repetition repeat a rule that does not match the empty text, without changing the language.
/// Errors: throws plugin::Refusal if the grammar becomes too large.
void removeEmptyIterations(Grammar &grammar);
/// Removes alternatives that match no finite text, without changing the language. Returns whether the start
/// rule matches a finite text.
bool removeEndlessAlternatives(Grammar &grammar);

/// Returns whether a condition can be reached from the start rule.
bool hasConditions(const Grammar &grammar);

/// Parses GBNF and checks that the grammar can be matched: every rule is defined, matches a finite text, and
/// is not left-recursive. `rootName` is the start rule. Errors: throws plugin::Refusal (INVALID_ARGUMENT)
/// with line and column. Thread-safe. `vocabulary` has the tokens that the grammar may name; null: by ids
/// alone.
Grammar parseGbnf(std::string_view text, std::string_view rootName,
                  const cria_vocabulary *vocabulary = nullptr);
/// No text matches a grammar that was written for a JSON Schema.
struct NoValue : plugin::Refusal {
  NoValue();
};
/// The same for a grammar that SchemaWriter wrote, whose start rule is `root`: alternatives that match no
/// finite text are removed. `%distinct` is a condition (Symbol::isDistinct). Errors: also throws NoValue.
Grammar parseGeneratedGbnf(std::string_view text);

/// A rule that cannot be matched, and the reason, which completes a sentence that begins with the rule.
struct RuleProblem {
  uint32_t rule;
  const char *why;
};
/// Returns the first rule that matches no finite text or is left-recursive; ignores rules without
/// alternatives. Takes time linear in the size of the grammar.
std::optional<RuleProblem> findProblem(const Grammar &grammar);

} // namespace cria::grammar
