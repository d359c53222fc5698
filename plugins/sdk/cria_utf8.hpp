// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_utf8.hpp - UTF-8 to code points and back, as Unicode defines it: no overlong forms, no surrogates,
// nothing above U+10FFFF. Optional C++20 conveniences for plugins.
#pragma once

#include "support/Utf8Prefix.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cria::plugin {

struct DecodedCharacter {
  uint32_t character;
  size_t size; // bytes
};

/// Decodes the character at offset `at`. Returns nullopt if the bytes there are not UTF-8.
inline std::optional<DecodedCharacter> decodeUtf8(std::string_view text, size_t at) {
  utf8::Prefix prefix;
  for (size_t i = at; i < text.size(); ++i) {
    if (!prefix.add(static_cast<uint8_t>(text[i]))) {
      return std::nullopt;
    }
    if (prefix.isComplete()) {
      return DecodedCharacter{prefix.bits, i - at + 1};
    }
  }
  return std::nullopt;
}

/// Appends the bytes of `character`, a code point that is not a surrogate.
inline void appendUtf8(std::string &bytes, uint32_t character) {
  const auto append = [&bytes](uint32_t byte) { bytes += static_cast<char>(byte); };
  if (character < 0x80) {
    append(character);
    return;
  }
  const int numContinuations = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  constexpr uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
  append(leads[numContinuations] | character >> (6 * numContinuations));
  for (int i = numContinuations - 1; i >= 0; --i) {
    append(0x80 | (character >> (6 * i) & 0x3F));
  }
}

/// Returns the number of characters in `text`. If it is not UTF-8, counts the bytes that may begin a
/// character.
inline size_t countCharacters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) {
    count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  return count;
}

} // namespace cria::plugin
