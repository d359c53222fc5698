// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Languages: regular languages over Unicode characters, as expressions with intersection and complement.
// Equal expressions have equal ids. What cannot be written as GBNF directly is written as an automaton, whose
// states are the derivatives of the expression.
#pragma once

#include "plugins/samplers/grammar/CharRanges.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace cria::grammar {

/// An automaton without states from which no text is accepted; no states: the language is empty. State 0 is
/// the first.
struct Automaton {
  struct State {
    bool isFinal = false;
    std::vector<std::pair<CharRanges, uint32_t>> next;
    uint32_t language = 0; // the id of the texts that it accepts
  };
  std::vector<State> states;
};

/// Makes and examines languages. Errors: throws TooLarge where an automaton would have too many states. Not
/// thread-safe.
class Languages {
public:
  using Id = uint32_t;
  struct TooLarge {};

  static constexpr uint64_t kNoLimit = UINT64_MAX; // no greatest length or number of repetitions
  static constexpr Id kNothing = 0, kEmptyText = 1, kAnyText = 2;
  static constexpr size_t kMaxStates = 16384;        // of one automaton
  static constexpr size_t kMaxDerivatives = 8000000; // of all together: seconds of work

  enum class Kind : uint8_t { characters, sequence, choice, both, complement, repetition, multiple };
  struct Node {
    Kind kind;
    CharRanges set = {};        // of characters
    std::vector<Id> parts = {}; // of a sequence: two; of a complement and a repetition: one
    uint64_t low = 0, high = 0; // bounds of a repetition; modulus and remainder of a multiple
    uint32_t decimals = 0;      // of a multiple: digits after the point that count
    bool isInFraction = false;  // of a multiple: the point has been read
    bool hasEmpty = false;      // the empty text belongs to the language
    bool isPlain = true;        // no intersection, complement or multiple in it
    uint64_t shortest = 0;      // lengths of texts, if isPlain
    uint64_t longest = 0;
  };

  Languages();

  /// Returns the language of the texts of one character of the set. Surrogates are no characters.
  Id characters(const CharRanges &set);
  /// Returns the language of one text, which is UTF-8.
  Id text(std::string_view text);
  Id sequence(Id first, Id second);
  Id sequence(std::initializer_list<Id> parts);
  Id choice(std::vector<Id> parts);
  Id both(std::vector<Id> parts);
  Id complement(Id part);
  Id repeated(Id part, uint64_t minimum, uint64_t maximum = kNoLimit);
  /// Returns the language of the decimal notations, without sign, of the multiples of modulus · 10^-decimals,
  /// among others: intersect it with notations of numbers. REQUIRES: modulus > 0
  Id multiples(uint64_t modulus, uint32_t decimals);
  /// Returns the texts of a language that have from `minimum` to `maximum` characters. Where counting them
  /// needs too many states, longer ones are left out.
  Id withLength(Id part, uint64_t minimum, uint64_t maximum);

  bool contains(Id language, std::string_view text);
  /// Returns whether text() returned the language.
  bool isText(Id language) const { return texts_.contains(language); }
  bool isEmpty(Id language);
  /// Returns the texts of a language if there are no more than `maximum`.
  std::optional<std::vector<std::string>> textsOf(Id language, size_t maximum);
  Automaton automatonOf(Id language);

  const Node &node(Id id) const { return nodes_[id]; }

private:
  Id add(Node node);
  Id derivative(Id id, uint32_t character);
  Id computeDerivative(Id id, uint32_t character);
  Id counted(Id part, uint64_t minimum, uint64_t maximum);
  std::vector<uint32_t> cutsOf(Id id) const;
  void cutsOf(Id id, std::vector<uint32_t> &cuts) const;
  void appendParts(Kind kind, Id part, std::vector<Id> &parts) const;
  void measure(Node &node) const;

  using Key = std::tuple<Kind, std::vector<std::pair<uint32_t, uint32_t>>, std::vector<Id>, uint64_t,
                         uint64_t, uint32_t, bool>;
  std::deque<Node> nodes_; // references to nodes stay valid while others are added
  std::map<Key, Id> ids_;
  std::map<Id, bool> empties_;
  std::set<Id> texts_;
  size_t numDerivatives_ = 0;
  std::unordered_map<Id, Id> recent_; // derivatives by one character
  uint32_t recentCharacter_ = 0;
  std::map<std::pair<Id, uint32_t>, Id> derivatives_; // that contains() has computed
};

} // namespace cria::grammar
