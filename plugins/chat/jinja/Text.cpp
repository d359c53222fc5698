// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Text.h"

#include <algorithm>

namespace cria::jinja {

// Length of the sequence that `lead` begins and the bits it carries; 0: no lead byte.
static size_t sequenceLength(unsigned char lead, char32_t &bits) {
  if (lead < 0x80) {
    bits = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  bits = lead & (0xFFu >> (length + 1));
  return lead < 0xC2 || lead > 0xF4 ? 0 : length;
}

static bool isScalar(char32_t character, size_t length) {
  constexpr char32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
  return character >= shortest[length] && character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

std::optional<Text> textFromUtf8(std::string_view bytes, char32_t mark) {
  Text text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    char32_t character = 0;
    const size_t length = sequenceLength(static_cast<unsigned char>(bytes[at]), character);
    if (length == 0 || bytes.size() - at < length) {
      return std::nullopt;
    }
    for (size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[at + i]);
      if ((byte & 0xC0) != 0x80) {
        return std::nullopt;
      }
      character = character << 6 | (byte & 0x3F);
    }
    if (!isScalar(character, length)) {
      return std::nullopt;
    }
    text += character | mark;
    at += length;
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
  const auto put = [&bytes](char32_t byte) { bytes += static_cast<char>(byte); };
  for (const char32_t marked : text) {
    const char32_t character = plain(marked);
    if (character < 0x80) {
      put(character);
      continue;
    }
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    put((more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0) | character >> (6 * more));
    for (int i = more - 1; i >= 0; --i) {
      put(0x80 | (character >> (6 * i) & 0x3F));
    }
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

bool isSpace(char32_t marked) {
  const char32_t c = plain(marked);
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

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
