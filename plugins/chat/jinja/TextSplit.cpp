// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splitting and quoting as Python does it.
#include "plugins/chat/jinja/Text.h"

#include <algorithm>
#include <cstdio>

namespace cria::jinja {

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

} // namespace cria::jinja
