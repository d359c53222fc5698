// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for regular expressions that translates each part to a language.
#include "plugins/samplers/grammar/JsonPattern.h"

#include "plugins/samplers/grammar/AnchoredPart.h"
#include "plugins/samplers/grammar/PatternClass.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace cria::grammar {
namespace {

constexpr int kMaxGroups = 50;                // levels of nested groups
constexpr uint64_t kMaxTimes = 1'000'000'000; // repetitions, as in GBNF
constexpr size_t kMaxPatternBytes = 4096;

const CharRanges kDigits = {{'0', '9'}};

class PatternReader {
  using Id = Languages::Id;

public:
  PatternReader(Languages &languages, std::string_view pattern, const std::string &where, Reading reading)
      : where_(where), languages_(languages), reading_(reading) {
    if (pattern.size() > kMaxPatternBytes) {
      refuseAt(CRIA_STATUS_UNSUPPORTED, kMaxPatternBytes,
               "expected at most " + std::to_string(kMaxPatternBytes) + " bytes");
    }
    for (size_t at = 0; at < pattern.size();) {
      const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(pattern, at);
      if (!decoded) {
        refuseAt(CRIA_STATUS_INVALID_ARGUMENT, text_.size(), "expected UTF-8");
      }
      text_.push_back(decoded->character);
      at += decoded->size;
    }
  }

  Id read() {
    const Tail tail = readAlternatives(0);
    if (at_ < text_.size()) {
      invalid("expected '|' or the end of the pattern");
    }
    return languages_.choice({languages_.sequence(Languages::kAnyText, tail.anywhere), tail.atStart});
  }

private:
  [[noreturn]] void refuseAt(cria_status status, size_t at, const std::string &why) const {
    throw plugin::Refusal(status, where_ + ", character " + std::to_string(at + 1) + ": " + why);
  }
  [[noreturn]] void invalid(const std::string &why) const {
    refuseAt(CRIA_STATUS_INVALID_ARGUMENT, at_, why);
  }
  [[noreturn]] void unsupported(const std::string &why) const {
    refuseAt(CRIA_STATUS_UNSUPPORTED, at_, why + " is not supported");
  }

  /// Returns what may follow "$".
  Id endOfText() {
    return reading_ == Reading::sure ? Languages::kEmptyText
                                     : languages_.choice({Languages::kEmptyText, languages_.text("\n")});
  }

  bool is(char character) const {
    return at_ < text_.size() && text_[at_] == static_cast<uint32_t>(character);
  }
  bool take(char character) {
    const bool isThere = is(character);
    at_ += isThere ? 1 : 0;
    return isThere;
  }
  uint32_t next() {
    if (at_ == text_.size()) {
      invalid("expected a character, got the end of the pattern");
    }
    return text_[at_++];
  }

  /// Parses alternatives up to the end of the text that the pattern is searched in.
  Tail readAlternatives(int depth) {
    Tail tail = readToTheEnd(depth);
    while (take('|')) {
      tail = tail.orElse(languages_, readToTheEnd(depth));
    }
    return tail;
  }

  /// Parses the rest of an alternative. What follows a lookahead is restricted by it.
  Tail readToTheEnd(int depth) {
    std::vector<AnchoredPart> parts;
    Tail tail = {Languages::kAnyText, Languages::kNothing};
    bool isAtStart = false; // there has been nothing but ^
    while (!isAtEndOfAlternative()) {
      if (isLookahead()) {
        const Tail seen = readLookahead(depth, isAtStart);
        tail = seen.both(languages_, readToTheEnd(depth));
        break;
      }
      isAtStart = is('^') && (parts.empty() || isAtStart);
      parts.push_back(readRepeated(depth));
    }
    for (size_t i = parts.size(); i-- > 0;) {
      tail = parts[i].before(languages_, tail, endOfText());
    }
    return tail;
  }

  bool isAtEndOfAlternative() const { return at_ == text_.size() || is('|') || is(')'); }

  bool isLookahead() const {
    return is('(') && at_ + 2 < text_.size() && text_[at_ + 1] == '?' &&
           (text_[at_ + 2] == '=' || text_[at_ + 2] == '!');
  }

  /// Parses "(?=...)" or "(?!...)" and returns the texts that may follow. isAtStart: it is only reached at
  /// the start of the text. What a negative one surely refuses is what possibly matches in it.
  Tail readLookahead(int depth, bool isAtStart) {
    checkDepth(depth);
    const bool isNegative = text_[at_ + 2] == '!';
    at_ += 3;
    const Reading outer = std::exchange(reading_, isNegative ? opposite(reading_) : reading_);
    const Tail seen = readAlternatives(depth + 1);
    reading_ = outer;
    if (isNegative && !isAtStart && seen.atStart != Languages::kNothing) {
      unsupported("'^' in a negative lookahead");
    }
    if (!take(')')) {
      invalid("expected ')'");
    }
    if (isNegative && isAtStart) {
      const auto refused = languages_.choice({seen.anywhere, seen.atStart});
      return {Languages::kNothing, languages_.complement(refused)};
    }
    return isNegative ? Tail{languages_.complement(seen.anywhere), Languages::kNothing} : seen;
  }

  AnchoredPart readSequence(int depth) {
    std::vector<AnchoredPart> parts;
    AnchoredPart whole = AnchoredPart::of(Languages::kEmptyText);
    while (!isAtEndOfAlternative()) {
      if (isLookahead()) {
        whole = readRestricted(depth);
        break;
      }
      parts.push_back(readRepeated(depth));
    }
    for (size_t i = parts.size(); i-- > 0;) {
      whole = parts[i].then(languages_, whole, endOfText());
    }
    return whole;
  }

  /// Parses a lookahead in a group and what it restricts: the rest of the alternative, up to "$".
  AnchoredPart readRestricted(int depth) {
    const size_t begin = at_;
    const Tail seen = readLookahead(depth, false);
    const AnchoredPart rest = readSequence(depth);
    if (!rest.isAlwaysAtEnd()) {
      at_ = begin;
      unsupported("lookahead in a group, without '$' at the end of the alternative or with a quantifier,");
    }
    return rest.restrictedTo(languages_, seen, endOfText());
  }

  AnchoredPart readRepeated(int depth) {
    if (is('^') || is('$')) {
      return AnchoredPart::anchor(next() == '^');
    }
    const AnchoredPart part = readPart(depth);
    refuseOpenQuantifier();
    const std::optional<std::pair<uint64_t, uint64_t>> times = readTimes();
    if (!times) {
      return part;
    }
    take('?'); // a lazy quantifier matches the same texts
    if (isQuantifier()) {
      invalid("expected one quantifier, got two");
    }
    if (part.isAnchored() && times->second > 1) {
      unsupported("an anchor in a group that is repeated");
    }
    return part.isAnchored()
               ? part.repeatedOnce(languages_, times->first, times->second)
               : AnchoredPart::of(languages_.repeated(part.free(), times->first, times->second));
  }

  /// Returns whether a quantifier in braces follows. Other braces are characters, as in JavaScript without
  /// the flag u.
  bool isInBraces() const {
    const auto skipDigits = [&](size_t at) {
      while (at < text_.size() && kDigits.contains(text_[at])) {
        ++at;
      }
      return at;
    };
    const size_t afterMinimum = skipDigits(at_ + 1);
    if (!is('{') || afterMinimum == at_ + 1 || afterMinimum == text_.size()) {
      return false;
    }
    const size_t end = text_[afterMinimum] == ',' ? skipDigits(afterMinimum + 1) : afterMinimum;
    return end < text_.size() && text_[end] == '}';
  }
  /// Refuses "{,5}" after a part, which is a quantifier in Python and no quantifier in JavaScript.
  void refuseOpenQuantifier() const {
    size_t end = at_ + 2;
    while (end < text_.size() && kDigits.contains(text_[end])) {
      ++end;
    }
    if (is('{') && at_ + 1 < text_.size() && text_[at_ + 1] == ',' && end < text_.size() &&
        text_[end] == '}') {
      unsupported("a quantifier without a minimum, which means different things in JavaScript and Python,");
    }
  }
  bool isQuantifier() const { return is('*') || is('+') || is('?') || isInBraces(); }

  /// Parses one of the quantifiers "*", "+", "?", "{2}", "{2,}" and "{2,5}"; nullopt if there is none.
  std::optional<std::pair<uint64_t, uint64_t>> readTimes() {
    if (take('*')) {
      return {{0, Languages::kNoLimit}};
    }
    if (take('+')) {
      return {{1, Languages::kNoLimit}};
    }
    if (take('?')) {
      return {{0, 1}};
    }
    if (!isInBraces()) {
      return std::nullopt;
    }
    take('{');
    const uint64_t minimum = readNumber();
    uint64_t maximum = minimum;
    if (take(',')) {
      maximum = is('}') ? Languages::kNoLimit : readNumber();
    }
    if (!take('}') || maximum < minimum) {
      invalid("expected a quantifier such as {2,5}, with an ascending range");
    }
    return {{minimum, maximum}};
  }

  uint64_t readNumber() {
    uint64_t number = 0;
    if (at_ == text_.size() || !kDigits.contains(text_[at_])) {
      invalid("expected a number");
    }
    while (at_ < text_.size() && kDigits.contains(text_[at_])) {
      number = number * 10 + (next() - '0');
      if (number > kMaxTimes) {
        invalid("expected at most " + std::to_string(kMaxTimes) + " repetitions");
      }
    }
    return number;
  }

  AnchoredPart readPart(int depth) {
    if (isQuantifier() || is(']')) {
      invalid("quantifier or bracket without an operand; use '\\' before a literal character");
    }
    if (take('(')) {
      return readGroup(depth);
    }
    if (take('[')) {
      return AnchoredPart::of(readClass());
    }
    if (take('.')) {
      return AnchoredPart::of(checked(PatternClass::anyInLine()));
    }
    return AnchoredPart::of(checked(is('\\') ? readEscape(false) : single(next())));
  }

  void checkDepth(int depth) const {
    if (depth == kMaxGroups) {
      invalid("groups are nested more than " + std::to_string(kMaxGroups) + " levels deep");
    }
  }

  AnchoredPart readGroup(int depth) {
    checkDepth(depth);
    if (take('?') && !take(':')) {
      readGroupName();
    }
    std::vector<AnchoredPart> alternatives = {readSequence(depth + 1)};
    while (take('|')) {
      alternatives.push_back(readSequence(depth + 1));
    }
    if (!take(')')) {
      invalid("expected ')'");
    }
    return AnchoredPart::choice(languages_, alternatives);
  }

  /// Parses "<name>" in "(?<name>...)". Refuses lookbehind, and a name that another group has.
  void readGroupName() {
    if (!take('<') || is('=') || is('!')) {
      unsupported(is('=') || is('!') ? "lookbehind" : "a group with flags");
    }
    std::string name;
    while (!is('>')) {
      plugin::appendUtf8(name, next());
    }
    const bool isName = !name.empty() && !kDigits.contains(static_cast<unsigned char>(name.front()));
    if (!isName || name.find_first_of(" \t()[]{}|?*+.^,:;<=!\"'#%&/\\-~@`") != std::string::npos) {
      invalid("expected the name of a group, of letters, digits, '_' and '$', got '" + name + "'");
    }
    if (!groupNames_.insert(name).second) {
      invalid("expected different names of groups, got '" + name + "' twice");
    }
    take('>');
  }

  static PatternClass single(uint32_t character) { return PatternClass::of({{character, character}}); }

  Id checked(const PatternClass &set) {
    if (languages_.characters(set.in(Reading::possible)) == Languages::kNothing) {
      invalid("class matches no character of a JSON string");
    }
    return languages_.characters(set.in(reading_));
  }

  Id readClass() {
    const bool isNegated = take('^');
    if (isNegated && is(']') && std::find(text_.begin() + at_ + 1, text_.end(), ']') != text_.end()) {
      unsupported("'[^]' before another ']', which Python takes for the end of the class,");
    }
    PatternClass set;
    while (!take(']')) {
      const PatternClass first = is('\\') ? readEscape(true) : single(next());
      const bool isRange = is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!isRange) {
        set.add(first);
        continue;
      }
      ++at_;
      const PatternClass last = is('\\') ? readEscape(true) : single(next());
      if (endOf(first) > endOf(last)) {
        invalid("invalid range: first character is above the last");
      }
      set.add(PatternClass::of({{endOf(first), endOf(last)}}));
    }
    return checked(isNegated ? set.complement() : set);
  }

  /// Returns the only character of a set, which is an end of a range.
  uint32_t endOf(const PatternClass &set) const {
    const auto ranges = set.in(Reading::possible).ranges();
    if (ranges.size() != 1 || ranges[0].first != ranges[0].second) {
      invalid("expected a single character at each end of a range");
    }
    return ranges[0].first;
  }

  PatternClass readEscape(bool isInClass) {
    ++at_;
    const uint32_t name = next();
    if (const std::optional<PatternClass> known = PatternClass::named(name)) {
      return *known;
    }
    switch (name) {
    case 'x':
      return single(readHex(2));
    case 'u':
      return single(readUnicode());
    default:
      return single(isOctal(name, isInClass) ? readOctal(name) : readSimpleEscape(name, isInClass));
    }
  }

  /// Outside of a class, an escape that begins with another digit than 0 is a back reference.
  static bool isOctal(uint32_t name, bool isInClass) {
    return name == '0' || (isInClass && name >= '1' && name <= '7');
  }

  /// Parses "0", "12" or "012" after "\": at most three octal digits (ECMA-262, B.1.2). Python agrees up to
  /// \377, where both numbers end.
  uint32_t readOctal(uint32_t first) {
    uint32_t value = first - '0';
    for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i) {
      value = value * 8 + (next() - '0');
    }
    if (value > 0377) {
      unsupported("an octal escape above \\377");
    }
    return value;
  }

  uint32_t readSimpleEscape(uint32_t name, bool isInClass) const {
    constexpr std::string_view names = "nrtfv";
    constexpr std::string_view characters = "\n\r\t\f\v";
    if (const size_t found = name < 0x80 ? names.find(static_cast<char>(name)) : names.npos;
        found != names.npos) {
      return static_cast<uint32_t>(characters[found]);
    }
    if (name == 'b' && isInClass) {
      return '\b';
    }
    if (name < 0x80 && std::isalnum(static_cast<int>(name)) != 0) { // \b, \B, \1, \k<name>, \p{L}, \cJ
      unsupported(std::string("'\\") + static_cast<char>(name) + "'");
    }
    return name;
  }

  /// Parses "0041", "D83E\uDD99" or "{1F999}", the part of a Unicode escape after its "\u".
  uint32_t readUnicode() {
    uint32_t value = 0;
    if (take('{')) {
      while (!take('}')) {
        value = value * 16 + readHex(1);
        if (value > utf8::kLastCharacter) {
          invalid("code point is above U+10FFFF");
        }
      }
    } else {
      value = readHex(4);
    }
    if (value >= 0xD800 && value < 0xDC00 && take('\\') && take('u')) {
      const uint32_t low = readHex(4);
      value = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00) : value;
    }
    if (value >= 0xD800 && value < 0xE000) {
      unsupported("an unpaired surrogate");
    }
    return value;
  }

  uint32_t readHex(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const uint32_t c = next();
      const bool isDigit = kDigits.contains(c), isUpper = c >= 'A' && c <= 'F',
                 isLower = c >= 'a' && c <= 'f';
      if (!isDigit && !isUpper && !isLower) {
        invalid("expected a hexadecimal digit");
      }
      value = value * 16 + (isDigit ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
  }

  std::string where_;
  Languages &languages_;
  std::vector<uint32_t> text_;
  size_t at_ = 0;
  Reading reading_;
  std::set<std::string> groupNames_;
};

} // namespace

Languages::Id languageOfPattern(Languages &languages, std::string_view pattern, const std::string &where,
                                Reading reading) {
  return PatternReader(languages, pattern, where, reading).read();
}

} // namespace cria::grammar
