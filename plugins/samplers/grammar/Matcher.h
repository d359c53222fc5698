// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matcher: which characters a grammar allows after a text, and which tokens. A state is the set of places in
// the rules where the next character may be; states and the steps between them are kept, so that texts that
// lead to the same places cost once.
//
// Threads: one at a time (the sampler has a lock).
#pragma once

#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/sdk/cria_utf8.hpp"

#include <array>
#include <map>
#include <unordered_map>

namespace cria::grammar {

/// How far a text has come: a state, and the bytes of a character that has begun.
struct Position {
  int32_t state = 0; // kDead: no text of the grammar begins so
  plugin::PartialCharacter partial;
  bool operator==(const Position &) const = default;
};
inline constexpr int32_t kDead = -1;

class Matcher {
public:
  explicit Matcher(Grammar grammar);

  /// Before any text.
  Position start() const { return {start_, {}}; }
  /// One byte further.
  Position next(Position position, uint8_t byte);
  /// The text so far may go on: its last character may still become one that is allowed.
  bool isAlive(const Position &position) const;
  /// The text so far is a whole text of the grammar.
  bool isComplete(const Position &position) const;

private:
  /// The symbol at `at` of an alternative is next; after the alternative, the symbol after that of `below`.
  struct Place {
    uint32_t rule, alternative, at;
    int32_t below; // of places_; kBottom: the root's end
    bool operator==(const Place &) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place &place) const;
  };
  struct State {
    std::vector<int32_t> places; // ascending; kBottom first: the text may end here
    std::array<int32_t, 128> ascii;
    std::unordered_map<uint32_t, int32_t> others;
  };
  static constexpr int32_t kBottom = -1;
  static constexpr int32_t kUnknown = -2;

  const Sequence &sequenceOf(const Place &place) const {
    return grammar_.rules[place.rule].alternatives[place.alternative];
  }
  int32_t idOf(const Place &place);
  int32_t stateOf(const std::vector<Place> &begun);
  int32_t step(int32_t state, uint32_t character);

  Grammar grammar_;
  std::vector<Place> places_;
  std::unordered_map<Place, int32_t, PlaceHash> ids_;
  std::vector<State> states_;
  std::map<std::vector<int32_t>, int32_t> stateIds_;
  int32_t start_ = kDead;
  size_t followed_ = 0; // places that were looked at, over all states
};

} // namespace cria::grammar
