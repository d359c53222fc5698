// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for regular expressions that translates each part to GBNF. A character becomes
// its representation in a JSON string: itself or its escape.
#include "plugins/samplers/grammar/JsonPattern.h"

#include "plugins/samplers/grammar/CharRanges.h"
#include "plugins/samplers/grammar/PatternPart.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <cstdio>
#include <optional>

namespace cria::grammar {
namespace {

constexpr int kMaxGroups = 50;       // levels of nested groups
constexpr uint32_t kMaxTimes = 2000; // repetitions, as in GBNF
constexpr size_t kMaxPatternBytes = 4096;

const CharRanges kDigits = {{'0', '9'}};
const CharRanges kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/// \s of ECMAScript.
const CharRanges kBlanks = {{0x09, 0x0D},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                            {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                            {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const CharRanges kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
/// Characters that a JSON string contains only as an escape (including 0x7F here), and surrogates.
const CharRanges kNotPlain = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}, {0xD800, 0xDFFF}};
/// Characters without a short escape, which the rule `control` matches.
const CharRanges kControls = {{0, 7}, {0x0B, 0x0B}, {0x0E, 0x1F}, {0x7F, 0x7F}};
constexpr std::pair<char, char> kJsonEscapes[] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                                  {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

/// Returns GBNF that matches one character of the set as it is written in a JSON string.
std::string grammarOf(const CharRanges &set) {
  std::string expression;
  const auto add = [&](const std::string &choice) {
    expression += (expression.empty() ? "" : " | ") + choice;
  };
  if (const CharRanges plain = set.without(kNotPlain); !plain.empty()) {
    std::string characters;
    for (const auto &[first, last] : plain.ranges()) {
      char text[32];
      std::snprintf(text, sizeof(text), "\\U%08X-\\U%08X", first, last);
      characters += text;
    }
    add("[" + characters + "]");
  }
  for (const auto &[character, name] : kJsonEscapes) {
    if (set.contains(static_cast<uint32_t>(character))) {
      add(name == '"' || name == '\\' ? std::string("\"\\\\\\") + name + "\""
                                      : std::string("\"\\\\") + name + "\"");
    }
  }
  const bool hasAllControls = kControls.without(set).empty();
  if (hasAllControls) {
    add("control");
  }
  for (uint32_t character = 0; character < 0x80 && !hasAllControls; ++character) {
    if (kControls.contains(character) && set.contains(character)) {
      char text[16];
      std::snprintf(text, sizeof(text), "\"\\\\u%04x\"", character);
      add(text);
    }
  }
  return "(" + expression + ")";
}

class PatternReader {
public:
  PatternReader(std::string_view pattern, const std::string &where, PartBuilder::AddRule addRule)
      : where_(where), parts_(std::move(addRule)) {
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

  std::string read() {
    std::vector<Part> alternatives = {readAnchored()};
    while (take('|')) {
      alternatives.push_back(readAnchored());
    }
    if (at_ < text_.size()) {
      invalid("expected '|' or the end of the pattern");
    }
    return parts_.choice(alternatives).all;
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

  /// Parses an alternative of the whole pattern with its anchors.
  Part readAnchored() {
    const bool isAtBegin = take('^');
    const std::string expression = readSequence(0).all;
    const bool isAtEnd = take('$');
    if (is('^') || is('$') || (isAtEnd && at_ < text_.size() && !is('|'))) {
      unsupported("an anchor within a pattern");
    }
    return solidPart((isAtBegin ? "" : "char* ") + expression + (isAtEnd ? "" : " char*"));
  }

  Part readSequence(int depth) {
    std::vector<Part> parts;
    while (at_ < text_.size() && !is('|') && !is(')') && !is('$')) {
      parts.push_back(readRepeated(depth));
    }
    return parts_.sequence(parts);
  }

  Part readRepeated(int depth) {
    Part part = readPart(depth);
    const std::optional<std::pair<uint32_t, std::optional<uint32_t>>> times = readTimes();
    if (!times) {
      return part;
    }
    take('?'); // a lazy quantifier matches the same texts
    if (is('*') || is('+') || is('?') || is('{')) {
      invalid("expected one quantifier, got two");
    }
    return parts_.repeated(part, times->first, times->second);
  }

  /// Parses one of the quantifiers "*", "+", "?", "{2}", "{2,}" and "{2,5}"; nullopt if there is none.
  std::optional<std::pair<uint32_t, std::optional<uint32_t>>> readTimes() {
    if (take('*')) {
      return {{0, std::nullopt}};
    }
    if (take('+')) {
      return {{1, std::nullopt}};
    }
    if (take('?')) {
      return {{0, 1}};
    }
    if (!take('{')) {
      return std::nullopt;
    }
    const uint32_t minimum = readNumber();
    std::optional<uint32_t> maximum = minimum;
    if (take(',')) {
      maximum = is('}') ? std::nullopt : std::optional(readNumber());
    }
    if (!take('}') || (maximum && *maximum < minimum)) {
      invalid("expected a quantifier such as {2,5}, with an ascending range");
    }
    return {{minimum, maximum}};
  }

  uint32_t readNumber() {
    uint32_t number = 0;
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

  Part readPart(int depth) {
    if (is('^')) {
      unsupported("an anchor within a pattern");
    }
    if (is('*') || is('+') || is('?') || is('{') || is('}') || is(']')) {
      invalid("quantifier or bracket without an operand; use '\\' before a literal character");
    }
    if (take('(')) {
      return readGroup(depth);
    }
    if (take('[')) {
      return readClass();
    }
    if (take('.')) {
      return solidPart(grammarOf(kLineEnds.complement()));
    }
    return checked(is('\\') ? readEscape(false) : single(next()));
  }

  Part readGroup(int depth) {
    if (depth == kMaxGroups) {
      invalid("groups are nested more than " + std::to_string(kMaxGroups) + " levels deep");
    }
    if (take('?') && !take(':')) {
      readGroupName();
    }
    std::vector<Part> alternatives = {readSequence(depth + 1)};
    while (take('|')) {
      alternatives.push_back(readSequence(depth + 1));
    }
    if (is('$')) {
      unsupported("an anchor within a group");
    }
    if (!take(')')) {
      invalid("expected ')'");
    }
    return parts_.choice(alternatives);
  }

  /// Parses "<name>" in "(?<name>...)". Refuses lookahead and lookbehind.
  void readGroupName() {
    const bool looks = is('=') || is('!');
    if (looks || !take('<') || is('=') || is('!')) {
      unsupported(looks || is('=') || is('!') ? "lookahead or lookbehind" : "a group with flags");
    }
    while (!take('>')) {
      next();
    }
  }

  static CharRanges single(uint32_t character) { return {{character, character}}; }

  Part checked(const CharRanges &set) const {
    const std::string expression = grammarOf(set);
    if (expression == "()") {
      invalid("class matches no character of a JSON string");
    }
    return solidPart(expression);
  }

  Part readClass() {
    const bool isNegated = take('^');
    CharRanges set;
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
    return checked(isNegated ? set.complement() : set);
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
      return kDigits;
    case 'D':
      return kDigits.complement();
    case 'w':
      return kWord;
    case 'W':
      return kWord.complement();
    case 's':
      return kBlanks;
    case 'S':
      return kBlanks.complement();
    case 'x':
      return single(readHex(2));
    case 'u':
      return single(readUnicode());
    default:
      return single(readSimpleEscape(name, isInClass));
    }
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
    if (kWord.contains(name)) { // \b, \B, \1, \k<name>, \p{L}, \cJ
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
  PartBuilder parts_;
  std::vector<uint32_t> text_;
  size_t at_ = 0;
};

} // namespace

std::string grammarOfPattern(std::string_view pattern, const std::string &where,
                             const std::function<std::string(const std::string &)> &addRule) {
  return PatternReader(pattern, where, addRule).read();
}

} // namespace cria::grammar
