// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PatternClass: a set of characters in a regular expression, as JavaScript and as Python read it.
#pragma once

#include "plugins/samplers/grammar/CharRanges.h"
#include "plugins/samplers/grammar/Reading.h"

namespace cria::grammar {

/// Not thread-safe.
class PatternClass {
public:
  PatternClass() = default; // no character
  /// The same set to all.
  static PatternClass of(const CharRanges &set) { return {set, set}; }
  /// The class of "\d", "\D", "\w", "\W", "\s" or "\S", by its letter; nullopt for another letter.
  static std::optional<PatternClass> named(uint32_t letter);
  /// The class of ".".
  static PatternClass anyInLine();

  void add(const PatternClass &other) {
    javaScript_.add(other.javaScript_);
    python_.add(other.python_);
  }
  PatternClass complement() const { return {javaScript_.complement(), python_.complement()}; }
  /// The characters that belong to both sets, or to at least one.
  CharRanges in(Reading reading) const;

private:
  PatternClass(CharRanges javaScript, CharRanges python)
      : javaScript_(std::move(javaScript)), python_(std::move(python)) {}

  CharRanges javaScript_, python_;
};

} // namespace cria::grammar
