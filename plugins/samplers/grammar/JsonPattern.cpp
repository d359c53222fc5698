// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for regular expressions that translates each part to a language.
#include "plugins/samplers/grammar/JsonPattern.h"

#include "plugins/samplers/grammar/AnchoredPart.h"
#include "plugins/sdk/cria_plugin.hpp"

namespace cria::grammar {
namespace {

constexpr int kMaxGroups = 50;                // levels of nested groups
constexpr uint64_t kMaxTimes = 1'000'000'000; // repetitions, as in GBNF
constexpr size_t kMaxPatternBytes = 4096;

const CharRanges kDigits = {{'0', '9'}};
const CharRanges kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/// \s of ECMAScript.
const CharRanges kBlanks = {{0x09, 0x0D},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                            {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                            {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
// Characters that some implementations of regular expressions count as digits, letters or blanks, and others
// do not: the classes and their complements leave them out, so that a text matches with each of them.
const CharRanges kOtherDigits = { // decimal digits beyond ASCII, Unicode 14
    {0x660, 0x669},     {0x6F0, 0x6F9},     {0x7C0, 0x7C9},     {0x966, 0x96F},     {0x9E6, 0x9EF},
    {0xA66, 0xA6F},     {0xAE6, 0xAEF},     {0xB66, 0xB6F},     {0xBE6, 0xBEF},     {0xC66, 0xC6F},
    {0xCE6, 0xCEF},     {0xD66, 0xD6F},     {0xDE6, 0xDEF},     {0xE50, 0xE59},     {0xED0, 0xED9},
    {0xF20, 0xF29},     {0x1040, 0x1049},   {0x1090, 0x1099},   {0x17E0, 0x17E9},   {0x1810, 0x1819},
    {0x1946, 0x194F},   {0x19D0, 0x19D9},   {0x1A80, 0x1A89},   {0x1A90, 0x1A99},   {0x1B50, 0x1B59},
    {0x1BB0, 0x1BB9},   {0x1C40, 0x1C49},   {0x1C50, 0x1C59},   {0xA620, 0xA629},   {0xA8D0, 0xA8D9},
    {0xA900, 0xA909},   {0xA9D0, 0xA9D9},   {0xA9F0, 0xA9F9},   {0xAA50, 0xAA59},   {0xABF0, 0xABF9},
    {0xFF10, 0xFF19},   {0x104A0, 0x104A9}, {0x10D30, 0x10D39}, {0x11066, 0x1106F}, {0x110F0, 0x110F9},
    {0x11136, 0x1113F}, {0x111D0, 0x111D9}, {0x112F0, 0x112F9}, {0x11450, 0x11459}, {0x114D0, 0x114D9},
    {0x11650, 0x11659}, {0x116C0, 0x116C9}, {0x11730, 0x11739}, {0x118E0, 0x118E9}, {0x11950, 0x11959},
    {0x11C50, 0x11C59}, {0x11D50, 0x11D59}, {0x11DA0, 0x11DA9}, {0x16A60, 0x16A69}, {0x16AC0, 0x16AC9},
    {0x16B50, 0x16B59}, {0x1D7CE, 0x1D7FF}, {0x1E140, 0x1E149}, {0x1E2F0, 0x1E2F9}, {0x1E950, 0x1E959},
    {0x1FBF0, 0x1FBF9}};
const CharRanges kOtherBlanks = {{0x1C, 0x1F}, {0x85, 0x85}, {0xFEFF, 0xFEFF}};
/// All beyond ASCII that is not punctuation or an emoji.
const CharRanges kOtherWord = {{0x80, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x1F2FF}, {0x1F650, 0x10FFFF}};
const CharRanges kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

class PatternReader {
  using Id = Languages::Id;

public:
  PatternReader(Languages &languages, std::string_view pattern, const std::string &where)
      : where_(where), languages_(languages) {
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
      tail = parts[i].before(languages_, tail);
    }
    return tail;
  }

  bool isAtEndOfAlternative() const { return at_ == text_.size() || is('|') || is(')'); }

  bool isLookahead() const {
    return is('(') && at_ + 2 < text_.size() && text_[at_ + 1] == '?' &&
           (text_[at_ + 2] == '=' || text_[at_ + 2] == '!');
  }

  /// Parses "(?=...)" or "(?!...)" and returns the texts that may follow. isAtStart: it is only reached at
  /// the start of the text.
  Tail readLookahead(int depth, bool isAtStart) {
    checkDepth(depth);
    const bool isNegative = text_[at_ + 2] == '!';
    at_ += 3;
    const Tail seen = readAlternatives(depth + 1);
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
      whole = parts[i].then(languages_, whole);
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
    return rest.restrictedTo(languages_, seen);
  }

  AnchoredPart readRepeated(int depth) {
    if (is('^') || is('$')) {
      return AnchoredPart::anchor(next() == '^');
    }
    const AnchoredPart part = readPart(depth);
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
      return AnchoredPart::of(languages_.characters(kLineEnds.complement()));
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

  /// Parses "<name>" in "(?<name>...)". Refuses lookbehind.
  void readGroupName() {
    if (!take('<') || is('=') || is('!')) {
      unsupported(is('=') || is('!') ? "lookbehind" : "a group with flags");
    }
    while (!take('>')) {
      next();
    }
  }

  static CharRanges single(uint32_t character) { return {{character, character}}; }

  Id checked(const CharRanges &set) {
    const Id language = languages_.characters(set);
    if (language == Languages::kNothing) {
      invalid("class matches no character of a JSON string");
    }
    return language;
  }

  Id readClass() {
    const bool isNegated = take('^');
    CharRanges set;
    doubtful_ = {};
    while (!take(']')) {
      const CharRanges first = is('\\') ? readEscape(true) : single(next());
      const bool isRange = is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!isRange) {
        set.add(first);
        continue;
      }
      ++at_;
      const CharRanges last = is('\\') ? readEscape(true) : single(next());
      set.add(endOf(first), endOf(last));
      if (endOf(first) > endOf(last)) {
        invalid("invalid range: first character is above the last");
      }
    }
    return checked(isNegated ? set.complement().without(doubtful_) : set);
  }

  /// Returns the only character of a set, which is an end of a range.
  uint32_t endOf(const CharRanges &set) const {
    if (set.ranges().size() != 1 || set.ranges()[0].first != set.ranges()[0].second) {
      invalid("expected a single character at each end of a range");
    }
    return set.ranges()[0].first;
  }

  CharRanges readEscape(bool isInClass) {
    ++at_;
    const uint32_t name = next();
    switch (name) {
    case 'd':
    case 'D':
      return classOf(kDigits, kOtherDigits, name == 'D');
    case 'w':
    case 'W':
      return classOf(kWord, kOtherWord, name == 'W');
    case 's':
    case 'S':
      return classOf(kBlanks, kOtherBlanks, name == 'S');
    case 'x':
      return single(readHex(2));
    case 'u':
      return single(readUnicode());
    default:
      return single(readSimpleEscape(name, isInClass));
    }
  }

  CharRanges classOf(const CharRanges &set, const CharRanges &doubtful, bool isComplement) {
    doubtful_.add(doubtful);
    return (isComplement ? set.complement() : set).without(doubtful);
  }

  uint32_t readSimpleEscape(uint32_t name, bool isInClass) const {
    constexpr std::string_view names = "nrtfv0";
    constexpr std::string_view characters("\n\r\t\f\v\0", 6);
    if (const size_t found = name < 0x80 ? names.find(static_cast<char>(name)) : names.npos;
        found != names.npos) {
      return static_cast<uint32_t>(characters[found]);
    }
    if (name == 'b' && isInClass) {
      return '\b';
    }
    if (kWord.contains(name) && name != '_') { // \b, \B, \1, \k<name>, \p{L}, \cJ
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
  CharRanges doubtful_; // of the classes that the class in brackets contains
};

} // namespace

Languages::Id languageOfPattern(Languages &languages, std::string_view pattern, const std::string &where) {
  return PatternReader(languages, pattern, where).read();
}

} // namespace cria::grammar
