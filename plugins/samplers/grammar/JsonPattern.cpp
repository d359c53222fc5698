// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive reader of regular expressions that writes each part as GBNF. Characters become what JSON has
// for them in a string: themselves, or the short escape.
#include "plugins/samplers/grammar/JsonPattern.h"

#include "plugins/samplers/grammar/CharRanges.h"
#include "plugins/samplers/grammar/PatternPart.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <cstdio>
#include <optional>

namespace cria::grammar {
namespace {

constexpr int kMostGroups = 50;       // within each other
constexpr uint32_t kMostTimes = 2000; // of a repetition, as in GBNF
constexpr size_t kMostPatternBytes = 4096;

const CharRanges kDigits = {{'0', '9'}};
const CharRanges kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
// ECMAScript's \s, which is not the whitespace of Python.
const CharRanges kBlanks = {{0x09, 0x0D},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                            {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                            {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const CharRanges kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
// What stands in a JSON string only as an escape (0x7F is among them here), and surrogates.
const CharRanges kNotPlain = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}, {0xD800, 0xDFFF}};
// Those without a short escape: the rule `control`.
const CharRanges kControls = {{0, 7}, {0x0B, 0x0B}, {0x0E, 0x1F}, {0x7F, 0x7F}};
constexpr std::pair<char, char> kJsonEscapes[] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                                  {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

/// One character of the set, as JSON writes it in a string.
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
    if (pattern.size() > kMostPatternBytes) {
      refuseAt(CRIA_STATUS_UNSUPPORTED, kMostPatternBytes,
               "expected at most " + std::to_string(kMostPatternBytes) + " bytes");
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
      invalid("expected '|' or the end");
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
    refuseAt(CRIA_STATUS_UNSUPPORTED, at_, why + " is not supported here");
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
      invalid("expected a character, found the end");
    }
    return text_[at_++];
  }

  /// An alternative of the whole pattern, with its anchors.
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
    const Part part = readPart(depth);
    const std::optional<std::pair<uint32_t, std::optional<uint32_t>>> times = readTimes();
    if (!times) {
      return part;
    }
    take('?'); // shortest first: the same texts
    if (is('*') || is('+') || is('?') || is('{')) {
      invalid("expected one repetition of a part, found two");
    }
    return parts_.repeated(part, times->first, times->second);
  }

  /// Of "*", "+", "?", "{2}", "{2,}" or "{2,5}"; nothing where none of them is.
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
    const uint32_t least = readNumber();
    std::optional<uint32_t> most = least;
    if (take(',')) {
      most = is('}') ? std::nullopt : std::optional(readNumber());
    }
    if (!take('}') || (most && *most < least)) {
      invalid("expected a repetition, as in {2,5}");
    }
    return {{least, most}};
  }

  uint32_t readNumber() {
    uint32_t number = 0;
    if (at_ == text_.size() || !kDigits.contains(text_[at_])) {
      invalid("expected a number");
    }
    while (at_ < text_.size() && kDigits.contains(text_[at_])) {
      number = number * 10 + (next() - '0');
      if (number > kMostTimes) {
        invalid("expected at most " + std::to_string(kMostTimes) + " repetitions");
      }
    }
    return number;
  }

  Part readPart(int depth) {
    if (is('^')) {
      unsupported("an anchor within a pattern");
    }
    if (is('*') || is('+') || is('?') || is('{') || is('}') || is(']')) {
      invalid("expected something to repeat, or '\\' before the character");
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
    if (depth == kMostGroups) {
      invalid("expected at most " + std::to_string(kMostGroups) + " groups in each other");
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

  /// "<name>" of "(?<name>...)"; what looks ahead or behind is refused.
  void readGroupName() {
    const bool looks = is('=') || is('!');
    if (looks || !take('<') || is('=') || is('!')) {
      unsupported(looks || is('=') || is('!') ? "a group that looks ahead or behind" : "a group with flags");
    }
    while (!take('>')) {
      next();
    }
  }

  static CharRanges single(uint32_t character) { return {{character, character}}; }

  Part checked(const CharRanges &set) const {
    const std::string expression = grammarOf(set);
    if (expression == "()") {
      invalid("no character of a JSON string is meant");
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
        invalid("expected a range that ascends");
      }
    }
    return checked(isNegated ? set.complement() : set);
  }

  /// The one character of a range's end.
  uint32_t endOf(const CharRanges &set) const {
    if (set.ranges().size() != 1 || set.ranges()[0].first != set.ranges()[0].second) {
      invalid("expected a character at each end of a range");
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

  /// Of "u41", "uD83EuDD99" with its backslash between, or "u{1F999}".
  uint32_t readUnicode() {
    uint32_t value = 0;
    if (take('{')) {
      while (!take('}')) {
        value = value * 16 + readHex(1);
        if (value > plugin::kLastCharacter) {
          invalid("expected a code point of at most 10FFFF");
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
      unsupported("half a pair of surrogates");
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
