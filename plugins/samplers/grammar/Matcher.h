// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matcher: which characters a grammar allows after a text. An item is a position in a rule together with the
// stack of its callers, with the iterations that each of them has completed; a state is the set of items that
// the text may have reached. States and transitions are interned as they are visited, which makes the matcher
// a lazily built automaton.
//
// Not thread-safe; callers serialize.
#pragma once

#include "plugins/samplers/grammar/CharRanges.h"
#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/samplers/grammar/JsonProgress.h"
#include "plugins/sdk/cria_utf8.hpp"

#include <map>
#include <unordered_map>

namespace cria::grammar {

/// The position after a prefix of a text: a state, the bytes of an incomplete UTF-8 character, and the values
/// so far if the grammar has conditions on them. Without `json` the conditions hold.
struct Position {
  int32_t state = 0; // kDead: no text of the grammar has this prefix
  utf8::Prefix partial;
  std::shared_ptr<const JsonProgress> json = nullptr;
  bool operator==(const Position &) const = default;
};
inline constexpr int32_t kDead = -1;

class Matcher {
public:
  /// `reach` is the longest text, in characters, that callers match from a position of mergedWithinReach().
  explicit Matcher(Grammar grammar, uint32_t reach = 0);

  /// Returns the position before the first character.
  Position start() const { return {start_, {}, startOfJson_}; }
  /// Returns the position after one more byte. Errors: throws plugin::Refusal (UNSUPPORTED) if the grammar is
  /// too ambiguous.
  Position next(Position position, uint8_t byte);
  /// Returns the position after a token that the grammar names, whatever its text; dead if it names none.
  Position nextToken(const Position &position, uint32_t token);
  /// Returns the position of a text that has reached one of two; without `b` if a character is incomplete.
  Position either(const Position &a, const Position &b);
  /// Returns the tokens that the grammar names next, as ranges of symbols (kFirstToken).
  std::vector<CharRange> tokensAfter(const Position &position) const;
  /// Returns whether the prefix can be continued: an incomplete character can still become an allowed one.
  bool isAlive(const Position &position) const;
  /// Returns whether the prefix is a complete text of the grammar.
  bool isComplete(const Position &position) const;
  /// Returns a position after which the same texts of up to `reach` characters are alive. It is the same one
  /// for positions that differ only in counts of repetitions that such a text cannot complete.
  Position mergedWithinReach(Position position);
  /// Returns whether every text of characters of `set`, within reach, can follow, and it is evident: each of
  /// the characters leads to the same position, and that is merged with this one. REQUIRES: !set.empty()
  bool repeats(const Position &position, const CharRanges &set);

  /// Returns whether the grammar has conditions on values: what follows a position depends on its `json`.
  bool hasConditions() const { return startOfJson_ != nullptr; }
  /// Returns whether a condition is open at the position: on the value that the text is in, or around it.
  bool isConditional(const Position &position);
  /// Returns whether a condition is decided by the character that the byte completes.
  bool decides(const Position &position, uint8_t byte);
  /// Returns the position after one more byte as if every condition that it decides failed.
  Position nextIfRepeated(Position position, uint8_t byte);

private:
  /// The next symbol is symbol `at` of the alternative, of which `count` iterations are complete; without an
  /// upper bound, they are counted up to the lower one. After the last symbol, matching continues after this
  /// iteration of the symbol of item `caller`.
  struct Item {
    uint32_t rule, alternative, at, count;
    int32_t caller; // index in items_; kEnd: the alternative is one of the start rule
    bool operator==(const Item &) const = default;
  };
  struct ItemHash {
    size_t operator()(const Item &item) const;
  };
  struct State {
    std::vector<int32_t> items; // ascending; begins with kEnd if the text may end here
    std::vector<int32_t> ascii; // transitions by character; kUnknown: not computed yet
    std::unordered_map<uint32_t, int32_t>
        others;                // transitions that are not in `ascii`, which is made for many
    int32_t merged = kUnknown; // mergedWithinReach()
  };
  static constexpr int32_t kEnd = -1;
  static constexpr int32_t kUnknown = -2;

  const Sequence &sequenceOf(const Item &item) const {
    return grammar_.rules[item.rule].alternatives[item.alternative];
  }
  static void completeIteration(Item &item, const Symbol &symbol);
  uint32_t mergedCount(const Item &item) const;
  int32_t mergedItem(int32_t id);
  int32_t idOf(const Item &item);
  bool hasOpenCondition(int32_t id);
  int32_t stateOf(const std::vector<Item> &seeds, bool isRepeated);
  int32_t stateWith(std::vector<int32_t> items);
  static void remember(State &state, uint32_t character, int32_t next);
  int32_t step(int32_t state, uint32_t character);
  int32_t stepIfRepeated(int32_t state, uint32_t character);
  int32_t computeStep(int32_t state, uint32_t character, bool isRepeated);
  static uint64_t edgeOf(int32_t state, uint32_t character) {
    return uint64_t{static_cast<uint32_t>(state)} << 32 | character;
  }

  Grammar grammar_;
  uint32_t reach_;
  std::vector<Item> items_;
  std::unordered_map<Item, int32_t, ItemHash> ids_;
  std::unordered_map<int32_t, int32_t> merged_; // results of mergedItem()
  std::vector<State> states_;
  std::map<std::vector<int32_t>, int32_t> stateIds_;
  int32_t start_ = kDead;
  std::shared_ptr<const JsonProgress> startOfJson_;  // if the grammar has conditions
  bool hasPassedCondition_ = false;                  // in the last stateOf()
  std::unordered_map<uint64_t, int32_t> ifRepeated_; // by edgeOf(): steps that decide a condition
  std::unordered_map<int32_t, bool> conditional_;    // results of hasOpenCondition()
  size_t numVisited_ = 0;                            // items visited for all states
};

} // namespace cria::grammar
