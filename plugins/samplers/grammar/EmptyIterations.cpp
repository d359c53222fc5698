// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites repetitions of what may be empty: x{m,n} becomes y{0,n}, where y matches what x matches without
// the empty text. So each iteration consumes characters, and the matcher's counters end.
#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <map>

namespace cria::grammar {
namespace {

constexpr size_t kMaxAdded = 500000; // symbols of the rules that are added

class Rewriter {
public:
  explicit Rewriter(Grammar &grammar) : grammar_(grammar), nullable_(nullableRules(grammar)) {}

  void rewrite() {
    for (uint32_t rule = 0; rule < grammar_.rules.size(); ++rule) { // those that are added, too
      if (rule >= nullable_.size()) {
        fill(rule);
      }
      for (Sequence &sequence : grammar_.rules[rule].alternatives) {
        for (Symbol &symbol : sequence) {
          rewrite(symbol);
        }
      }
    }
    if (!sources_.empty()) {
      removeEndlessAlternatives(grammar_); // what repeats nothing but the empty text
    }
  }

private:
  bool isNullable(uint32_t rule) const { return rule < nullable_.size() && nullable_[rule]; }
  bool isNullable(const Symbol &symbol) const {
    return symbol.minimum == 0 || (symbol.isRule && isNullable(symbol.rule));
  }

  void rewrite(Symbol &symbol) {
    if (symbol.isRule && symbol.maximum > 1 && isNullable(symbol.rule)) {
      symbol.rule = nonEmptyOf(symbol.rule);
      symbol.minimum = 0;
    }
  }

  // Returns the rule that matches what `rule` matches without the empty text.
  uint32_t nonEmptyOf(uint32_t rule) {
    const auto [found, isNew] = added_.emplace(rule, static_cast<uint32_t>(grammar_.rules.size()));
    if (isNew) {
      grammar_.rules.push_back({grammar_.rules[rule].name, {}, grammar_.rules[rule].at});
      sources_.push_back(rule);
    }
    return found->second;
  }

  // Each alternative begins with its first symbol that is not empty; those before it are.
  void fill(uint32_t rule) {
    const uint32_t source = sources_[rule - nullable_.size()];
    std::vector<Sequence> alternatives;
    for (const Sequence &sequence : std::vector<Sequence>(grammar_.rules[source].alternatives)) {
      for (size_t i = 0; i < sequence.size(); ++i) {
        if (sequence[i].isDistinct) {
          continue; // a condition is never the first that is not empty
        }
        alternatives.emplace_back(sequence.begin() + static_cast<std::ptrdiff_t>(i), sequence.end());
        makeNonEmpty(alternatives.back().front());
        numAdded_ += alternatives.back().size();
        if (numAdded_ > kMaxAdded) {
          throw plugin::Refusal(
              CRIA_STATUS_INVALID_ARGUMENT,
              "rule '" + grammar_.rules[source].name +
                  "' repeats what may be empty in too many ways; repeat only what is not empty");
        }
        if (!isNullable(sequence[i])) {
          break;
        }
      }
    }
    grammar_.rules[rule].alternatives = std::move(alternatives);
  }

  void makeNonEmpty(Symbol &symbol) {
    if (symbol.isRule && isNullable(symbol.rule)) {
      symbol.rule = nonEmptyOf(symbol.rule);
      symbol.minimum = 1;
    }
    symbol.minimum = symbol.minimum == 0 ? 1 : symbol.minimum;
  }

  Grammar &grammar_;
  const std::vector<bool> nullable_; // of the rules of the source
  std::map<uint32_t, uint32_t> added_;
  std::vector<uint32_t> sources_; // of the rules that are added, in order
  size_t numAdded_ = 0;
};

} // namespace

void removeEmptyIterations(Grammar &grammar) { Rewriter(grammar).rewrite(); }

} // namespace cria::grammar
