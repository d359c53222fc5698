// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Characters.h"

#include "support/Utf8Prefix.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace cria {

namespace {
struct Range {
  uint32_t first, last;
};
} // namespace

static constexpr Range kWordRanges[] = {
#include "runtime/text/WordCharacters.inc"
};

static constexpr Range kSpaceRanges[] = {
    {0x9, 0xD},       {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
    {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

template <size_t size> static bool isIn(const Range (&ranges)[size], uint32_t character) {
  const Range *after = std::ranges::upper_bound(ranges, character, {}, &Range::first);
  return after != ranges && character <= std::prev(after)->last;
}

/// The character that is `text`, which is one character of UTF-8.
static uint32_t decode(std::string_view text) {
  utf8::Prefix prefix;
  for (const char byte : text) {
    prefix.add(static_cast<uint8_t>(byte));
  }
  return prefix.bits;
}

static size_t firstSize(std::string_view text) {
  size_t size = text.empty() ? 0 : 1;
  while (size < text.size() && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

static size_t lastSize(std::string_view text) {
  size_t size = text.empty() ? 0 : 1;
  while (size < text.size() && (static_cast<uint8_t>(text[text.size() - size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

bool beginsWithWord(std::string_view text) {
  return !text.empty() && isIn(kWordRanges, decode(text.substr(0, firstSize(text))));
}

bool endsWithWord(std::string_view text) {
  return !text.empty() && isIn(kWordRanges, decode(text.substr(text.size() - lastSize(text))));
}

size_t leadingSpace(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    const size_t next = firstSize(text.substr(size));
    if (!isIn(kSpaceRanges, decode(text.substr(size, next)))) {
      break;
    }
    size += next;
  }
  return size;
}

size_t trailingSpace(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    const std::string_view rest = text.substr(0, text.size() - size);
    const size_t last = lastSize(rest);
    if (!isIn(kSpaceRanges, decode(rest.substr(rest.size() - last)))) {
      break;
    }
    size += last;
  }
  return size;
}

} // namespace cria
