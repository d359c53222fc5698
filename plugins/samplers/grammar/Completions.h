// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Completions: whether a value that must differ from others can still become one that does.
//
// Not thread-safe; callers serialize.
#pragma once

#include "plugins/samplers/grammar/Matcher.h"

#include <unordered_set>

namespace cria::grammar {

/// Searches are bounded: where one finds no answer, the value is taken to be able to differ.
class Completions {
public:
  static constexpr size_t kMany = 256;

  /// The matcher must outlive this.
  explicit Completions(Matcher &matcher) : matcher_(matcher) {}

  /// Returns whether a text can go on from the position, or end there, so that the next condition holds.
  bool allows(const Position &position);
  /// Returns how many values can be completed from a position up to the next condition; at most kMany, and
  /// kMany if no condition is open there. Values that need blanks, digits, escapes
  /// or characters beyond ASCII are not counted.
  size_t count(const Position &position);

private:
  const std::string &charactersAt(int32_t state);
  size_t countFrom(int32_t state, int depth);
  bool search(const Position &position, int depth);

  Matcher &matcher_;
  std::unordered_map<int32_t, std::string> characters_; // by state: bytes that may follow
  std::unordered_map<int32_t, size_t> counts_;          // by state
  std::unordered_set<int32_t> open_;                    // states that are being counted
  size_t numSteps_ = 0;                                 // of the search that is going on
};

} // namespace cria::grammar
