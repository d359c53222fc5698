// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of rules: which match the empty text, which match a finite text, which are left-recursive.
#include "plugins/samplers/grammar/Grammar.h"

#include <algorithm>

namespace cria::grammar {

bool Symbol::accepts(uint32_t character) const {
  return (!isNegated || character < kFirstToken) && acceptsAnyOf(character, character);
}

static bool containsAnyOf(const std::vector<CharRange> &ranges, uint32_t first, uint32_t last) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const CharRange &range) { return range.first <= last && first <= range.last; });
}

/// Skips each range that contains the first character that has not been found; they ascend.
static bool containsAllOf(const std::vector<CharRange> &ranges, uint32_t first, uint32_t last) {
  for (const CharRange &range : ranges) {
    first = range.first <= first && first <= range.last ? range.last + 1 : first;
  }
  return first > last;
}

bool Symbol::acceptsAnyOf(uint32_t first, uint32_t last) const {
  return isNegated ? !containsAllOf(ranges, first, last) : containsAnyOf(ranges, first, last);
}

bool Symbol::acceptsAllOf(uint32_t first, uint32_t last) const {
  return isNegated ? !containsAnyOf(ranges, first, last) : containsAllOf(ranges, first, last);
}

namespace {

/// The rules that hold: those with at least one alternative in which every symbol holds. A symbol that is a
/// rule holds if that rule does, a character iff `charactersHold`. This is a least fixed point, computed in
/// linear time: each alternative counts its symbols that do not hold yet, and a rule that turns out to hold
/// decrements the counts of the alternatives that use it.
class HoldingRules {
public:
  HoldingRules(const Grammar &grammar, bool charactersHold)
      : holds_(grammar.rules.size(), false), waiting_(grammar.rules.size()) {
    for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule) {
      for (const Sequence &sequence : grammar.rules[rule].alternatives) {
        add(rule, sequence, charactersHold);
      }
    }
    while (!found_.empty()) {
      const uint32_t rule = found_.back();
      found_.pop_back();
      for (const size_t alternative : waiting_[rule]) {
        countDown(alternative);
      }
    }
  }

  const std::vector<bool> &holds() const { return holds_; }

private:
  struct Alternative {
    uint32_t rule;
    size_t missing; // number of symbols that do not hold yet
  };

  void add(uint32_t rule, const Sequence &sequence, bool charactersHold) {
    const size_t index = alternatives_.size();
    alternatives_.push_back({rule, 1}); // one more, until all symbols are counted
    for (const Symbol &symbol : sequence) {
      if (symbol.minimum == 0) {
        continue;
      }
      if (symbol.isRule) {
        waiting_[symbol.rule].push_back(index);
      }
      alternatives_.back().missing += symbol.isRule || !charactersHold ? 1 : 0;
    }
    countDown(index);
  }
  void countDown(size_t alternative) {
    const uint32_t rule = alternatives_[alternative].rule;
    if (--alternatives_[alternative].missing == 0 && !holds_[rule]) {
      holds_[rule] = true;
      found_.push_back(rule);
    }
  }

  std::vector<bool> holds_;
  std::vector<Alternative> alternatives_;
  std::vector<std::vector<size_t>> waiting_; // for each rule, the alternatives that use it, once for each use
  std::vector<uint32_t> found_;              // rules that hold, to be processed
};

/// Returns the rules that may be the first symbol of a rule, after rules that match the empty text.
std::vector<uint32_t> firstRulesOf(const Rule &rule, const std::vector<bool> &nullable) {
  std::vector<uint32_t> result;
  for (const Sequence &sequence : rule.alternatives) {
    for (const Symbol &symbol : sequence) {
      if (symbol.isRule) {
        result.push_back(symbol.rule);
      }
      if (symbol.minimum > 0 && (!symbol.isRule || !nullable[symbol.rule])) {
        break;
      }
    }
  }
  return result;
}

/// Searches for a cycle of first symbols, depth first. Uses no recursion, since a hostile grammar could
/// overflow the stack.
std::optional<uint32_t> findLeftRecursion(const Grammar &grammar, const std::vector<bool> &nullable) {
  struct Frame {
    uint32_t rule;
    std::vector<uint32_t> firstRules; // not yet visited
  };
  enum class State : uint8_t { fresh, open, done };
  std::vector<State> states(grammar.rules.size(), State::fresh);
  std::vector<Frame> path;
  const auto enter = [&](uint32_t rule) {
    states[rule] = State::open;
    path.push_back({rule, firstRulesOf(grammar.rules[rule], nullable)});
  };
  for (uint32_t start = 0; start < states.size(); ++start) {
    if (states[start] == State::fresh) {
      enter(start);
    }
    while (!path.empty()) {
      if (path.back().firstRules.empty()) {
        states[path.back().rule] = State::done;
        path.pop_back();
        continue;
      }
      const uint32_t target = path.back().firstRules.back();
      path.back().firstRules.pop_back();
      if (states[target] == State::open) {
        return target;
      }
      if (states[target] == State::fresh) {
        enter(target);
      }
    }
  }
  return std::nullopt;
}

} // namespace

std::vector<bool> nullableRules(const Grammar &grammar) {
  return HoldingRules(grammar, /*charactersHold=*/false).holds();
}

bool removeEndlessAlternatives(Grammar &grammar) {
  const std::vector<bool> finite = HoldingRules(grammar, /*charactersHold=*/true).holds();
  const auto isEndless = [&](const Symbol &symbol) { return symbol.isRule && !finite[symbol.rule]; };
  for (Rule &rule : grammar.rules) {
    std::erase_if(rule.alternatives, [&](const Sequence &sequence) {
      return std::any_of(sequence.begin(), sequence.end(),
                         [&](const Symbol &symbol) { return isEndless(symbol) && symbol.minimum > 0; });
    });
    for (Sequence &sequence : rule.alternatives) {
      std::erase_if(sequence, isEndless); // the others are optional
    }
  }
  return finite[grammar.root];
}

bool hasConditions(const Grammar &grammar) {
  std::vector<bool> seen(grammar.rules.size(), false);
  std::vector<uint32_t> open{grammar.root};
  seen[grammar.root] = true;
  while (!open.empty()) {
    const uint32_t rule = open.back();
    open.pop_back();
    for (const Sequence &sequence : grammar.rules[rule].alternatives) {
      for (const Symbol &symbol : sequence) {
        if (symbol.isDistinct) {
          return true;
        }
        if (symbol.isRule && !seen[symbol.rule]) {
          seen[symbol.rule] = true;
          open.push_back(symbol.rule);
        }
      }
    }
  }
  return false;
}

std::optional<RuleProblem> findProblem(const Grammar &grammar) {
  const std::vector<bool> finite = HoldingRules(grammar, /*charactersHold=*/true).holds();
  for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule) {
    if (!finite[rule] && !grammar.rules[rule].alternatives.empty()) {
      return RuleProblem{rule, "matches no finite text; add an alternative that does not refer back to it"};
    }
  }
  const auto recursive = findLeftRecursion(grammar, nullableRules(grammar));
  return recursive ? std::optional(RuleProblem{*recursive, "is left-recursive, which is not supported; "
                                                           "rewrite it as right recursion"})
                   : std::nullopt;
}

} // namespace cria::grammar
