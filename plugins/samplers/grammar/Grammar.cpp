// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of rules: which may be empty, which end, which begin with themselves.
#include "plugins/samplers/grammar/Grammar.h"

#include <algorithm>

namespace cria::grammar {

bool Symbol::accepts(uint32_t character) const { return acceptsAnyOf(character, character); }

bool Symbol::acceptsAnyOf(uint32_t first, uint32_t last) const {
  if (!isNegated) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const CharRange &range) { return range.first <= last && first <= range.last; });
  }
  // Some character outside all ranges: the first one, moved past each range that holds it.
  for (const CharRange &range : ranges) {
    first = range.first <= first && first <= range.last ? range.last + 1 : first;
  }
  return first <= last;
}

namespace {

/// Rules that have an alternative of which all symbols hold: characters if `ofCharacters`, and such rules.
/// Each alternative counts what it still waits for, and each rule that is found tells those that wait for it.
class Closure {
public:
  Closure(const Grammar &grammar, bool ofCharacters)
      : holds_(grammar.rules.size(), false), waiting_(grammar.rules.size()) {
    for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule) {
      for (const Sequence &sequence : grammar.rules[rule].alternatives) {
        add(rule, sequence, ofCharacters);
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
    size_t missing;
  };

  void add(uint32_t rule, const Sequence &sequence, bool ofCharacters) {
    const size_t index = alternatives_.size();
    alternatives_.push_back({rule, 1}); // for the end, below
    for (const Symbol &symbol : sequence) {
      if (symbol.isRule) {
        waiting_[symbol.rule].push_back(index);
      }
      alternatives_.back().missing += symbol.isRule || !ofCharacters ? 1 : 0;
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
  std::vector<std::vector<size_t>> waiting_; // alternatives, by the rule they wait for, once for each use
  std::vector<uint32_t> found_;              // not yet told
};

/// Rules with which a rule may begin.
std::vector<uint32_t> beginningsOf(const Rule &rule, const std::vector<bool> &nullable) {
  std::vector<uint32_t> result;
  for (const Sequence &sequence : rule.alternatives) {
    for (const Symbol &symbol : sequence) {
      if (symbol.isRule) {
        result.push_back(symbol.rule);
      }
      if (!symbol.isRule || !nullable[symbol.rule]) {
        break;
      }
    }
  }
  return result;
}

/// Depth-first over beginnings, without recursion: grammars come from outside.
std::optional<uint32_t> findLeftRecursion(const Grammar &grammar, const std::vector<bool> &nullable) {
  struct Frame {
    uint32_t rule;
    std::vector<uint32_t> beginnings; // not yet followed
  };
  enum class State : uint8_t { fresh, open, done };
  std::vector<State> states(grammar.rules.size(), State::fresh);
  std::vector<Frame> path;
  const auto enter = [&](uint32_t rule) {
    states[rule] = State::open;
    path.push_back({rule, beginningsOf(grammar.rules[rule], nullable)});
  };
  for (uint32_t start = 0; start < states.size(); ++start) {
    if (states[start] == State::fresh) {
      enter(start);
    }
    while (!path.empty()) {
      if (path.back().beginnings.empty()) {
        states[path.back().rule] = State::done;
        path.pop_back();
        continue;
      }
      const uint32_t target = path.back().beginnings.back();
      path.back().beginnings.pop_back();
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

std::optional<RuleProblem> findProblem(const Grammar &grammar) {
  const std::vector<bool> finite = Closure(grammar, /*ofCharacters=*/true).holds();
  if (const auto endless = std::find(finite.begin(), finite.end(), false); endless != finite.end()) {
    return RuleProblem{static_cast<uint32_t>(endless - finite.begin()),
                       "recurs without end: give it an alternative that does not lead back to it"};
  }
  const auto recursive = findLeftRecursion(grammar, Closure(grammar, /*ofCharacters=*/false).holds());
  return recursive ? std::optional(RuleProblem{*recursive,
                                               "begins with itself, so that it recurs without end: let what "
                                               "recurs come after at least one character"})
                   : std::nullopt;
}

} // namespace cria::grammar
