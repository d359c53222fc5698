// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/NumberSet.h"

#include <algorithm>

namespace cria::grammar {
namespace {

constexpr uint64_t kMaxModulus = 8192; // states of an automaton that computes remainders
constexpr int64_t kMaxShift = 18;      // digits
constexpr int64_t kExactDigits = 15;   // that double precision distinguishes

/// A positive number as modulus · 10^zeros, or as modulus · 10^-decimals.
struct Factor {
  uint64_t modulus;
  uint32_t zeros, decimals;
};

/// REQUIRES: NumberSet::canDivideBy(number)
Factor factorOf(const Decimal &number) {
  const uint64_t modulus = std::stoull(number.digits);
  return number.exponent >= 0 ? Factor{modulus, static_cast<uint32_t>(number.exponent), 0}
                              : Factor{modulus, 0, static_cast<uint32_t>(-number.exponent)};
}

/// Returns whether a number is a multiple of a factor, by long division.
bool isMultiple(const Decimal &number, const Factor &factor) {
  Decimal shifted = number.magnitude();
  shifted.exponent -= number.isZero() ? 0 : factor.zeros;
  uint64_t remainder = 0;
  std::string fraction = shifted.fractionDigits();
  if (fraction.size() > factor.decimals) {
    return false;
  }
  fraction.resize(factor.decimals, '0');
  for (const char digit : shifted.integerDigits() + fraction) {
    remainder = (remainder * 10 + static_cast<uint64_t>(digit - '0')) % factor.modulus;
  }
  return remainder == 0;
}

/// Returns whether double precision distinguishes a number from every multiple of a factor other than itself,
/// also by the quotient: the number and its neighbors among the multiples have few digits.
bool isPrecise(const Decimal &number, const Factor &factor) {
  constexpr int64_t kSmallest = -300; // smaller numbers may be zero
  const int64_t numDecimals = std::max<int64_t>(factor.decimals, std::max<int64_t>(-number.exponent, 0));
  return static_cast<int64_t>(number.digits.size()) + number.exponent + numDecimals <= kExactDigits &&
         number.exponent >= kSmallest;
}

/// Writes the languages of numbers that are not negative.
class Magnitudes {
public:
  using Id = Languages::Id;

  /// Whole numbers have up to `maxWhole` digits, which may be Languages::kNoLimit.
  Magnitudes(Languages &languages, uint64_t maxWhole, size_t maxFraction)
      : languages_(languages), maxWhole_(maxWhole), maxFraction_(maxFraction) {}

  Id any() { return languages_.sequence(languages_.choice({digits('0', '0'), longer(0)}), anyFraction()); }

  Id atLeast(const Decimal &bound, bool isExclusive) {
    const std::string whole = bound.integerDigits();
    return languages_.choice(
        {languages_.sequence(wholeAbove(whole), anyFraction()),
         languages_.sequence(languages_.text(whole), fractionAtLeast(bound.fractionDigits(), isExclusive))});
  }
  Id atMost(const Decimal &bound, bool isExclusive) {
    const std::string whole = bound.integerDigits();
    return languages_.choice(
        {languages_.sequence(wholeBelow(whole), anyFraction()),
         languages_.sequence(languages_.text(whole), fractionAtMost(bound.fractionDigits(), isExclusive))});
  }
  /// All notations of one number.
  Id equal(const Decimal &number) {
    const std::string fraction = number.fractionDigits();
    const Id zeros = languages_.repeated(digits('0', '0'), fraction.empty() ? 1 : 0);
    const Id rest = languages_.sequence({languages_.text("." + fraction), zeros});
    return languages_.sequence(languages_.text(number.integerDigits()),
                               fraction.empty() ? languages_.repeated(rest, 0, 1) : rest);
  }
  /// Notations of multiples, among others. The last digits of those of modulus · 10^zeros are zeros, the
  /// others a multiple of the modulus.
  Id multiplesOf(const Factor &factor) {
    const Id multiples = languages_.multiples(factor.modulus, factor.decimals);
    if (factor.zeros == 0) {
      return multiples;
    }
    const Id zero = digits('0', '0');
    const Id first = languages_.both({multiples, languages_.repeated(digits('0', '9'), 1)});
    const Id whole = languages_.sequence(first, languages_.repeated(zero, factor.zeros, factor.zeros));
    const Id fraction = languages_.sequence(languages_.text("."), languages_.repeated(zero, 0));
    return languages_.sequence(languages_.choice({whole, zero}), languages_.repeated(fraction, 0, 1));
  }

  /// Notations for which isPrecise() is true, with up to `maxWhole` digits before the point.
  Id preciseFor(const Factor &factor, uint64_t maxWhole) {
    const uint64_t decimals = factor.decimals;
    const auto fraction = [&](uint64_t numZeros, uint64_t numDigits) {
      const Id zeros = languages_.repeated(digits('0', '0'), numZeros, numZeros);
      const Id text = languages_.sequence({languages_.text("."), zeros, anyDigits(1, numDigits)});
      return numDigits == 0 ? Languages::kEmptyText : languages_.repeated(text, 0, 1);
    };
    std::vector<Id> choices = {languages_.sequence(
        digits('0', '0'), fraction(decimals - std::min<uint64_t>(decimals, kExactDigits), kExactDigits))};
    for (uint64_t size = 1; size <= maxWhole && size + decimals <= kExactDigits; ++size) {
      choices.push_back(languages_.sequence(
          {digits('1', '9'), anyDigits(size - 1, size - 1), fraction(0, kExactDigits - size)}));
    }
    return languages_.choice(choices);
  }

private:
  Id digits(char first, char last) {
    return first > last
               ? Languages::kNothing
               : languages_.characters({{static_cast<uint32_t>(first), static_cast<uint32_t>(last)}});
  }
  Id anyDigits(uint64_t minimum, uint64_t maximum) {
    return languages_.repeated(digits('0', '9'), minimum, maximum);
  }
  /// Whole numbers with more than `size` digits.
  Id longer(uint64_t size) {
    const uint64_t most = maxWhole_ == Languages::kNoLimit ? maxWhole_ : maxWhole_ - 1;
    return size >= maxWhole_ ? Languages::kNothing
                             : languages_.sequence(digits('1', '9'), anyDigits(size, most));
  }
  Id anyFraction() {
    return maxFraction_ == 0
               ? Languages::kEmptyText
               : languages_.repeated(languages_.sequence(languages_.text("."), anyDigits(1, maxFraction_)), 0,
                                     1);
  }
  /// Texts that share `i` digits with `number` and go on with a digit from `first` to `last`, then any
  /// `rest`.
  Id branch(const std::string &number, size_t i, char first, char last, Id rest) {
    return languages_.sequence({languages_.text(number.substr(0, i)), digits(first, last), rest});
  }

  Id wholeAbove(const std::string &whole) {
    if (whole == "0") {
      return longer(0);
    }
    std::vector<Id> choices = {longer(whole.size())};
    for (size_t i = 0; i < whole.size(); ++i) {
      const size_t left = whole.size() - i - 1;
      choices.push_back(branch(whole, i, static_cast<char>(whole[i] + 1), '9', anyDigits(left, left)));
    }
    return languages_.choice(choices);
  }
  Id wholeBelow(const std::string &whole) {
    std::vector<Id> choices;
    for (size_t i = 0; i < whole.size(); ++i) {
      const size_t left = whole.size() - i - 1;
      const char first = i == 0 && whole.size() > 1 ? '1' : '0';
      choices.push_back(branch(whole, i, first, static_cast<char>(whole[i] - 1), anyDigits(left, left)));
    }
    if (whole.size() > 1) {
      choices.push_back(digits('0', '0'));
      choices.push_back(languages_.sequence(digits('1', '9'), anyDigits(0, whole.size() - 2)));
    }
    return languages_.choice(choices);
  }

  Id fractionAtLeast(const std::string &fraction, bool isExclusive) {
    if (fraction.empty() && !isExclusive) {
      return anyFraction();
    }
    if (maxFraction_ == 0) {
      return Languages::kNothing;
    }
    std::vector<Id> choices;
    for (size_t i = 0; i < fraction.size(); ++i) {
      choices.push_back(
          branch(fraction, i, static_cast<char>(fraction[i] + 1), '9', anyDigits(0, maxFraction_ - i - 1)));
    }
    Id rest = anyDigits(0, maxFraction_ - fraction.size());
    if (isExclusive) { // further digits, not all of them zero
      const Id positive = languages_.sequence({languages_.repeated(digits('0', '0'), 0), digits('1', '9'),
                                               languages_.repeated(digits('0', '9'), 0)});
      rest = languages_.withLength(languages_.both({positive, rest}), 1, Languages::kNoLimit);
    }
    choices.push_back(languages_.sequence(languages_.text(fraction), rest));
    return languages_.sequence(languages_.text("."), languages_.choice(choices));
  }
  Id fractionAtMost(const std::string &fraction, bool isExclusive) {
    const Id zeros = languages_.repeated(digits('0', '0'), fraction.empty() ? 1 : 0,
                                         std::max<size_t>(maxFraction_ - fraction.size(), 1));
    if (fraction.empty()) {
      return isExclusive ? Languages::kNothing
             : maxFraction_ == 0
                 ? Languages::kEmptyText
                 : languages_.repeated(languages_.sequence(languages_.text("."), zeros), 0, 1);
    }
    std::vector<Id> choices;
    for (size_t i = 0; i < fraction.size(); ++i) {
      choices.push_back(
          branch(fraction, i, '0', static_cast<char>(fraction[i] - 1), anyDigits(0, maxFraction_ - i - 1)));
      if (i > 0) { // ends early
        choices.push_back(languages_.text(fraction.substr(0, i)));
      }
    }
    if (!isExclusive) {
      choices.push_back(languages_.sequence(languages_.text(fraction), zeros));
    }
    return languages_.repeated(languages_.sequence(languages_.text("."), languages_.choice(choices)), 0, 1);
  }

  Languages &languages_;
  uint64_t maxWhole_;
  size_t maxFraction_;
};

size_t maxFractionOf(const NumberSet &numbers) {
  if (numbers.isInteger) {
    return 0;
  }
  size_t whole = 1, fraction = 0;
  for (const auto &bound : {numbers.low, numbers.high}) {
    if (bound) {
      whole = std::max(whole, bound->value.integerDigits().size());
      fraction = std::max(fraction, bound->value.fractionDigits().size());
    }
  }
  for (const Decimal &number : numbers.excluded) {
    whole = std::max(whole, number.integerDigits().size());
  }
  return std::max(fraction, whole < kExactDigits ? kExactDigits - whole : 0);
}

size_t wholeSizeOf(const std::optional<NumberSet::Bound> &bound) {
  return bound ? bound->value.integerDigits().size() : 0;
}

/// Integers that are only compared have the digits of 64 bits, as long as double precision compares them with
/// the same result. Counting digits multiplies the states that compute a remainder, so multiples of large
/// numbers have any number of digits.
uint64_t maxWholeOf(const NumberSet &numbers) {
  constexpr uint64_t kMaxCounted = 256;
  const size_t ofBounds = std::max(wholeSizeOf(numbers.low), wholeSizeOf(numbers.high));
  const bool isCompared =
      numbers.isInteger && numbers.factors.empty() && numbers.notFactors.empty() &&
      ofBounds <= kExactDigits &&
      std::all_of(numbers.excluded.begin(), numbers.excluded.end(),
                  [](const Decimal &each) { return each.integerDigits().size() <= kExactDigits; });
  size_t size = std::max<size_t>(isCompared ? 20 : 16, ofBounds == 0 ? 0 : ofBounds + 1);
  uint64_t modulus = 1;
  for (const Decimal &factor : numbers.factors) {
    size = std::max(size, factor.integerDigits().size() + 1);
    modulus = std::max(modulus, factorOf(factor).modulus);
  }
  return modulus > kMaxCounted ? Languages::kNoLimit : size;
}

/// Returns how many digits before the point of numbers that are no multiples can be counted: as many as the
/// remainders allow, and one more than a bound.
uint64_t maxCountedOf(const NumberSet &numbers, const Factor &factor) {
  constexpr uint64_t kMaxCounted = 10'000; // states
  uint64_t size = 0, states = 0, numbersOfSize = 10;
  while (size < kExactDigits && (states += std::min(numbersOfSize, factor.modulus)) <= kMaxCounted) {
    ++size;
    numbersOfSize *= 10;
  }
  return std::max<uint64_t>(size, std::max(wholeSizeOf(numbers.low), wholeSizeOf(numbers.high)) + 1);
}

/// Removes bounds that are beyond every number that is written without them, so that they do not forbid a
/// fraction: those of single precision, for example.
void dropFarBounds(NumberSet &set) {
  constexpr size_t kFar = 17; // digits; without bounds there are 16, which may be rounded up
  if (set.isInteger || !set.factors.empty()) {
    return;
  }
  const bool isHighFar = set.high && !set.high->value.isNegative && wholeSizeOf(set.high) > kFar,
             isLowFar = set.low && set.low->value.isNegative && wholeSizeOf(set.low) > kFar;
  const bool isHighNear = wholeSizeOf(set.high) <= kExactDigits,
             isLowNear = wholeSizeOf(set.low) <= kExactDigits;
  if (isHighFar && (isLowFar || isLowNear)) {
    set.high.reset();
  }
  if (isLowFar && (isHighFar || isHighNear)) {
    set.low.reset();
  }
}

} // namespace

bool NumberSet::canDivideBy(const Decimal &number) {
  return number.digits.size() <= 4 && std::stoull(number.digits) <= kMaxModulus &&
         number.exponent >= -kMaxShift && number.exponent <= kMaxShift;
}

void NumberSet::addLow(const Bound &bound) {
  const bool isHigher = !low || bound.value > low->value || (bound.value == low->value && bound.isExclusive);
  low = isHigher ? bound : *low;
}

void NumberSet::addHigh(const Bound &bound) {
  const bool isLower =
      !high || bound.value < high->value || (bound.value == high->value && bound.isExclusive);
  high = isLower ? bound : *high;
}

void NumberSet::restrictTo(const NumberSet &other) {
  if (other.low) {
    addLow(*other.low);
  }
  if (other.high) {
    addHigh(*other.high);
  }
  isInteger |= other.isInteger;
  factors.insert(factors.end(), other.factors.begin(), other.factors.end());
  notFactors.insert(notFactors.end(), other.notFactors.begin(), other.notFactors.end());
  excluded.insert(excluded.end(), other.excluded.begin(), other.excluded.end());
}

bool NumberSet::contains(const Decimal &number) const {
  const bool isAbove = !low || number > low->value || (number == low->value && !low->isExclusive);
  const bool isBelow = !high || number < high->value || (number == high->value && !high->isExclusive);
  const auto divides = [&](const Decimal &factor) { return isMultiple(number, factorOf(factor)); };
  return isAbove && isBelow && (!isInteger || number.isInteger()) &&
         std::all_of(factors.begin(), factors.end(), divides) &&
         std::none_of(notFactors.begin(), notFactors.end(), divides) &&
         std::all_of(notFactors.begin(), notFactors.end(),
                     [&](const Decimal &factor) { return isPrecise(number, factorOf(factor)); }) &&
         std::find(excluded.begin(), excluded.end(), number) == excluded.end();
}

bool NumberSet::isUncertainOf(const Decimal &number) const {
  const auto isUncertain = [&](const Decimal &factor) { return !isPrecise(number, factorOf(factor)); };
  return (isInteger && !number.isInteger() && isUncertain(*Decimal::parse("1"))) ||
         std::any_of(factors.begin(), factors.end(), isUncertain) ||
         std::any_of(notFactors.begin(), notFactors.end(), isUncertain);
}

bool NumberSet::isEmpty() const {
  if (!low || !high) {
    return false;
  }
  if (low->value == high->value) {
    return low->isExclusive || high->isExclusive || (isInteger && !low->value.isInteger());
  }
  return low->value > high->value || (isInteger && low->value.ceil() > high->value.floor());
}

Languages::Id languageOf(Languages &languages, const NumberSet &numbers) {
  NumberSet set = numbers;
  if (set.isInteger) { // the bounds as integers
    const auto rounded = [](std::optional<NumberSet::Bound> &bound, const Decimal &value) {
      bound = NumberSet::Bound{value, bound->isExclusive && bound->value.isInteger()};
    };
    if (set.low) {
      rounded(set.low, set.low->value.ceil());
    }
    if (set.high) {
      rounded(set.high, set.high->value.floor());
    }
  }
  dropFarBounds(set);
  Magnitudes magnitudes(languages, maxWholeOf(set), maxFractionOf(set));
  const Decimal zero;
  std::vector<Languages::Id> positive = {magnitudes.any()}, negative = {magnitudes.atLeast(zero, true)};
  if (set.low && !set.low->value.isNegative) {
    positive.push_back(magnitudes.atLeast(set.low->value, set.low->isExclusive));
    negative.push_back(Languages::kNothing);
  } else if (set.low) {
    negative.push_back(magnitudes.atMost(set.low->value.magnitude(), set.low->isExclusive));
  }
  if (set.high && set.high->value.isNegative) {
    negative.push_back(magnitudes.atLeast(set.high->value.magnitude(), set.high->isExclusive));
    positive.push_back(Languages::kNothing);
  } else if (set.high) {
    positive.push_back(magnitudes.atMost(set.high->value, set.high->isExclusive));
  }
  for (const Decimal &number : set.excluded) {
    (number.isNegative ? negative : positive).push_back(languages.complement(magnitudes.equal(number)));
  }
  const auto restrictBoth = [&](Languages::Id language) {
    positive.push_back(language);
    negative.push_back(language);
  };
  for (const Decimal &each : set.factors) {
    restrictBoth(magnitudes.multiplesOf(factorOf(each)));
  }
  for (const Decimal &each : set.notFactors) {
    const Factor factor = factorOf(each);
    restrictBoth(languages.complement(magnitudes.multiplesOf(factor)));
    restrictBoth(magnitudes.preciseFor(factor, maxCountedOf(set, factor)));
  }
  return languages.choice(
      {languages.both(positive), languages.sequence(languages.text("-"), languages.both(negative))});
}

} // namespace cria::grammar
