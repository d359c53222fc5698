// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of rules: which may be empty, which end, which begin with themselves.
#include "plugins/samplers/grammar/Grammar.h"

#include "plugins/api/cria_plugin.hpp"

#include <algorithm>

namespace cria::grammar {

bool Symbol::accepts(uint32_t character) const { return acceptsAnyOf(character, character); }

bool Symbol::acceptsAnyOf(uint32_t first, uint32_t last) const {
  if (!isNegated) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const CharRange &range) { return range.first <= last && first <= range.last; });
  }
  // Some character outside all ranges: the first one, moved past each range that holds it.
  std::vector<CharRange> sorted = ranges;
  std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
  for (const CharRange &range : sorted) {
    first = range.first <= first && first <= range.last ? range.last + 1 : first;
  }
  return first <= last;
}

namespace {

[[noreturn]] void refuse(const Rule &rule, const std::string &why) {
  throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, "line " + std::to_string(rule.line) + ", column " +
                                                          std::to_string(rule.column) + ": rule '" +
                                                          rule.name + "' " + why);
}

/// Rules for which `holds(sequence, known)` is true of some alternative, known ones first found without
/// others.
template <typename Holds> std::vector<bool> closure(const Grammar &grammar, Holds holds) {
  std::vector<bool> known(grammar.rules.size(), false);
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < known.size(); ++i) {
      const auto &alternatives = grammar.rules[i].alternatives;
      if (!known[i] && std::any_of(alternatives.begin(), alternatives.end(),
                                   [&](const Sequence &sequence) { return holds(sequence, known); })) {
        known[i] = true;
        changed = true;
      }
    }
  }
  return known;
}

bool allOf(const Sequence &sequence, const std::vector<bool> &known, bool ofCharacters) {
  return std::all_of(sequence.begin(), sequence.end(), [&](const Symbol &symbol) {
    return symbol.isRule ? static_cast<bool>(known[symbol.rule]) : ofCharacters;
  });
}

/// Depth-first over "may begin with", without recursion: grammars come from outside.
class LeftRecursion {
public:
  LeftRecursion(const Grammar &grammar, const std::vector<bool> &nullable)
      : grammar_(grammar), nullable_(nullable) {}

  void check() {
    std::vector<int> state(grammar_.rules.size(), 0); // 0 new, 1 open, 2 done
    for (uint32_t start = 0; start < state.size(); ++start) {
      std::vector<std::pair<uint32_t, size_t>> path; // rule, next of its beginnings
      if (state[start] == 0) {
        path.emplace_back(start, 0);
        state[start] = 1;
      }
      while (!path.empty()) {
        const uint32_t rule = path.back().first;
        const std::vector<uint32_t> next = beginningsOf(rule);
        if (path.back().second == next.size()) {
          state[rule] = 2;
          path.pop_back();
          continue;
        }
        const uint32_t target = next[path.back().second++];
        if (state[target] == 1) {
          refuse(grammar_.rules[target],
                 "begins with itself, so that it recurs without end: let what recurs come "
                 "after at least one character");
        }
        if (state[target] == 0) {
          state[target] = 1;
          path.emplace_back(target, 0);
        }
      }
    }
  }

private:
  std::vector<uint32_t> beginningsOf(uint32_t rule) const {
    std::vector<uint32_t> result;
    for (const Sequence &sequence : grammar_.rules[rule].alternatives) {
      for (const Symbol &symbol : sequence) {
        if (symbol.isRule) {
          result.push_back(symbol.rule);
        }
        if (!symbol.isRule || !nullable_[symbol.rule]) {
          break;
        }
      }
    }
    return result;
  }

  const Grammar &grammar_;
  const std::vector<bool> &nullable_;
};

} // namespace

void checkRules(const Grammar &grammar) {
  const std::vector<bool> finite = closure(
      grammar, [](const Sequence &sequence, const auto &known) { return allOf(sequence, known, true); });
  for (size_t i = 0; i < finite.size(); ++i) {
    if (!finite[i]) {
      refuse(grammar.rules[i], "recurs without end: give it an alternative that does not lead back to it");
    }
  }
  const std::vector<bool> nullable = closure(
      grammar, [](const Sequence &sequence, const auto &known) { return allOf(sequence, known, false); });
  LeftRecursion(grammar, nullable).check();
}

} // namespace cria::grammar
