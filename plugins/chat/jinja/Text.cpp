// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Text.h"

#include "plugins/sdk/cria_strip.hpp"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cwctype>
#include <locale.h>

namespace cria::jinja {

std::optional<Text> textFromUtf8(std::string_view bytes, char32_t mark) {
  Text text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(bytes, at);
    if (!decoded) {
      return std::nullopt;
    }
    text += static_cast<char32_t>(decoded->character | mark);
    at += decoded->size;
  }
  return text;
}

Text textFromAscii(std::string_view ascii, char32_t mark) {
  Text text(ascii.begin(), ascii.end());
  for (char32_t &character : text) {
    character |= mark;
  }
  return text;
}

std::string toUtf8(TextView text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t marked : text) {
    plugin::appendUtf8(bytes, plain(marked));
  }
  return bytes;
}

int compareText(TextView a, TextView b) {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (plain(a[i]) != plain(b[i])) {
      return plain(a[i]) < plain(b[i]) ? -1 : 1;
    }
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

bool sameText(TextView a, std::string_view ascii) {
  return std::ranges::equal(a, ascii,
                            [](char32_t x, char y) { return plain(x) == static_cast<unsigned char>(y); });
}

bool startsWith(TextView text, TextView prefix) {
  return text.size() >= prefix.size() && sameText(text.substr(0, prefix.size()), prefix);
}

bool endsWith(TextView text, TextView suffix) {
  return text.size() >= suffix.size() && sameText(text.substr(text.size() - suffix.size()), suffix);
}

static bool samePlain(char32_t a, char32_t b) { return plain(a) == plain(b); }

/// Knuth-Morris-Pratt, so that no template makes the search quadratic.
static size_t findLong(TextView text, TextView part, size_t from) {
  std::vector<size_t> border(part.size(), 0); // longest border of the first i + 1 characters
  for (size_t i = 1, length = 0; i < part.size();) {
    if (samePlain(part[i], part[length])) {
      border[i++] = ++length;
    } else if (length > 0) {
      length = border[length - 1];
    } else {
      ++i;
    }
  }
  size_t matched = 0;
  for (size_t at = from; at < text.size(); ++at) {
    while (matched > 0 && !samePlain(text[at], part[matched])) {
      matched = border[matched - 1];
    }
    matched += samePlain(text[at], part[matched]) ? 1 : 0;
    if (matched == part.size()) {
      return at + 1 - matched;
    }
  }
  return TextView::npos;
}

size_t findText(TextView text, TextView part, size_t from) {
  constexpr size_t kLong = 16;
  if (from > text.size() || part.size() > text.size() - from) {
    return TextView::npos;
  }
  if (part.size() > kLong) {
    return findLong(text, part, from);
  }
  const auto found = std::search(text.begin() + static_cast<ptrdiff_t>(from), text.end(), part.begin(),
                                 part.end(), samePlain);
  const bool fits = found != text.end() || part.empty();
  return fits ? static_cast<size_t>(found - text.begin()) : TextView::npos;
}

size_t findLastText(TextView text, TextView part) {
  const Text back(text.rbegin(), text.rend());
  const size_t found = findText(back, Text(part.rbegin(), part.rend()));
  return found == TextView::npos ? found : text.size() - found - part.size();
}

bool isSpace(char32_t character) { return plugin::isPythonSpace(plain(character)); }

TextView stripText(TextView text, std::optional<TextView> characters, bool left, bool right) {
  const auto isStripped = [&](char32_t c) {
    return characters ? findText(*characters, TextView(&c, 1)) != TextView::npos : isSpace(c);
  };
  while (left && !text.empty() && isStripped(text.front())) {
    text.remove_prefix(1);
  }
  while (right && !text.empty() && isStripped(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

Text replaceText(TextView text, TextView from, TextView to, int64_t limit) {
  Text result;
  size_t at = 0;
  for (int64_t count = 0; limit < 0 || count < limit; ++count) {
    const size_t found = findText(text, from, at);
    if (found == TextView::npos) {
      break;
    }
    result.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    if (from.empty()) { // insert between all characters and at both ends
      if (at == text.size()) {
        return result;
      }
      result += text[at++];
    }
  }
  return result.append(text.substr(at));
}

static std::vector<Text> splitAtBlanks(TextView text, int64_t limit) {
  std::vector<Text> parts;
  text = stripText(text, std::nullopt, true, false);
  while (!text.empty()) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) == limit) {
      parts.emplace_back(text);
      break;
    }
    const auto end = std::ranges::find_if(text, isSpace);
    const auto length = static_cast<size_t>(end - text.begin());
    parts.emplace_back(text.substr(0, length));
    text = stripText(text.substr(length), std::nullopt, true, false);
  }
  return parts;
}

std::vector<Text> splitText(TextView text, std::optional<TextView> separator, int64_t limit) {
  if (!separator) {
    return splitAtBlanks(text, limit);
  }
  std::vector<Text> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    const size_t found = findText(text, *separator);
    if (found == TextView::npos) {
      break;
    }
    parts.emplace_back(text.substr(0, found));
    text.remove_prefix(found + separator->size());
  }
  parts.emplace_back(text);
  return parts;
}

std::vector<Text> splitTextRight(TextView text, std::optional<TextView> separator, int64_t limit) {
  const auto reversed = [](TextView part) { return Text(part.rbegin(), part.rend()); };
  const Text back = separator ? reversed(*separator) : Text();
  std::vector<Text> parts =
      splitText(reversed(text), separator ? std::optional<TextView>(back) : std::optional<TextView>(), limit);
  std::ranges::reverse(parts);
  for (Text &part : parts) {
    std::ranges::reverse(part);
  }
  return parts;
}

static bool endsLine(char32_t marked) {
  const char32_t c = plain(marked);
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

std::vector<Text> splitLines(TextView text) {
  std::vector<Text> lines;
  while (!text.empty()) {
    const auto length = static_cast<size_t>(std::ranges::find_if(text, endsLine) - text.begin());
    lines.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
    const bool isPair = text.size() > 1 && plain(text[0]) == '\r' && plain(text[1]) == '\n';
    text.remove_prefix(std::min<size_t>(text.size(), isPair ? 2 : 1));
  }
  return lines;
}

static Text pairOf(char32_t name, char32_t c) { return {U'\\' | marksOf(c), name | marksOf(c)}; }

static Text escaped(char32_t c) {
  switch (plain(c)) {
  case '\n':
    return pairOf(U'n', c);
  case '\r':
    return pairOf(U'r', c);
  case '\t':
    return pairOf(U't', c);
  case '\\':
    return pairOf(U'\\', c);
  default:
    break;
  }
  const bool isControl = plain(c) < 0x20 || (plain(c) >= 0x7F && plain(c) <= 0xA0) || plain(c) == 0xAD;
  if (!isControl) {
    return Text(1, c);
  }
  char digits[16];
  std::snprintf(digits, sizeof(digits), "\\x%02x", static_cast<unsigned>(plain(c)));
  return textFromAscii(digits, marksOf(c));
}

Text quoted(TextView text) {
  const bool hasSingle = findText(text, U"'") != TextView::npos;
  const char32_t quote = hasSingle && findText(text, U"\"") == TextView::npos ? U'"' : U'\'';
  Text result(1, quote);
  for (const char32_t c : text) {
    if (plain(c) == quote) {
      result += U'\\' | marksOf(c);
    }
    result += escaped(c);
  }
  return result += quote;
}

/// Upper and lower case by the C library's tables, one character for one: 'ß' stays, where Python writes
/// 'SS'. The locale is independent of the program's setlocale.
static locale_t unicodeLocale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

static bool isLetter(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  return unicodeLocale() == nullptr ? iswalpha(wide) != 0 : iswalpha_l(wide, unicodeLocale()) != 0;
}

static char32_t upper(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  const wint_t mapped = unicodeLocale() == nullptr ? towupper(wide) : towupper_l(wide, unicodeLocale());
  return static_cast<char32_t>(mapped) | marksOf(c);
}

static char32_t lower(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  const wint_t mapped = unicodeLocale() == nullptr ? towlower(wide) : towlower_l(wide, unicodeLocale());
  return static_cast<char32_t>(mapped) | marksOf(c);
}

Text toUpper(TextView text) {
  Text result;
  for (const char32_t c : text) {
    result += upper(c);
  }
  return result;
}

Text toLower(TextView text) {
  Text result;
  for (const char32_t c : text) {
    result += lower(c);
  }
  return result;
}

/// A character becomes upper case if it is the first or `startsWord` is true of the character before it.
template <typename StartsWord> static Text title(TextView text, StartsWord startsWord) {
  Text result;
  for (size_t i = 0; i < text.size(); ++i) {
    result += i == 0 || startsWord(text[i - 1]) ? upper(text[i]) : lower(text[i]);
  }
  return result;
}

Text capitalize(TextView text) {
  return title(text, [](char32_t) { return false; });
}

Text titleOfWords(TextView text) {
  return title(text, [](char32_t before) { return !isLetter(before); });
}

Text titleOfFilter(TextView text) {
  return title(text, [](char32_t before) {
    return isSpace(before) || TextView(U"-({[<").find(plain(before)) != TextView::npos;
  });
}

} // namespace cria::jinja
