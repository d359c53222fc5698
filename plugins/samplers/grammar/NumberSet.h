// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumberSet: a set of numbers, and the language of their decimal notations.
#pragma once

#include "plugins/samplers/grammar/Decimal.h"
#include "plugins/samplers/grammar/Languages.h"

namespace cria::grammar {

/// The numbers within bounds that are multiples of some numbers and not of others.
struct NumberSet {
  struct Bound {
    Decimal value;
    bool isExclusive;
    bool operator==(const Bound &) const = default;
  };
  std::optional<Bound> low, high;
  bool isInteger = false;
  std::vector<Decimal> factors;    // each number is a multiple of each of these
  std::vector<Decimal> notFactors; // and of none of these, neither exactly nor in double precision
  std::vector<Decimal> excluded;
  bool operator==(const NumberSet &) const = default;

  /// Returns whether multiples of a number above zero can be written as a language.
  static bool canDivideBy(const Decimal &number);

  void addLow(const Bound &bound);
  void addHigh(const Bound &bound);
  /// Restricts the set to the numbers that are in `other`, too.
  void restrictTo(const NumberSet &other);
  bool contains(const Decimal &number) const;
  /// Returns whether double precision may find other multiples than exact arithmetic does, for a number.
  bool isUncertainOf(const Decimal &number) const;
  /// Returns whether the bounds exclude every number. Not every empty set is found.
  bool isEmpty() const;
};

/// Returns the language of the numbers of a set as JSON writes them, without exponents. Numbers have up to 16
/// digits before the point, integers that are no multiples up to 20, or one more than a bound; integers have
/// none after it. Others have so many that two notations within the bounds are different in double precision.
/// Numbers that are not multiples have so few, up to 15, that double precision finds none either.
/// Errors: throws plugin::Refusal, and Languages::TooLarge.
Languages::Id languageOf(Languages &languages, const NumberSet &numbers);

} // namespace cria::grammar
