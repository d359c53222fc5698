// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Text.h"

#include "plugins/api/cria_strip.hpp"

#include <algorithm>

namespace cria::jinja {

std::optional<Text> textFromUtf8(std::string_view bytes, char32_t mark) {
  Text text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(bytes, at);
    if (!decoded) {
      return std::nullopt;
    }
    text += decoded->character | mark;
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

// By Knuth, Morris and Pratt: a template cannot make it quadratic.
static size_t findLong(TextView text, TextView part, size_t from) {
  std::vector<size_t> border(part.size(), 0); // of the first i + 1 characters
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
    if (from.empty()) { // between all characters, and at both ends
      if (at == text.size()) {
        return result;
      }
      result += text[at++];
    }
  }
  return result.append(text.substr(at));
}

} // namespace cria::jinja
