// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_strip.hpp - Python's str.strip(), which the Jinja templates of models use. Optional C++20
// conveniences for chat templates.
#pragma once

#include "cria_utf8.hpp"

namespace cria::plugin {

/// Returns whether Python's str.isspace() is true of the character.
inline bool isPythonSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

inline std::string_view stripLeft(std::string_view text) {
  for (auto first = decodeUtf8(text, 0); first && isPythonSpace(first->character);
       first = decodeUtf8(text, 0)) {
    text.remove_prefix(first->size);
  }
  return text;
}

/// Returns the offset of the last byte of `text` that begins a character, or 0.
inline size_t lastCharacterAt(std::string_view text) {
  size_t at = text.empty() ? 0 : text.size() - 1;
  while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) {
    --at;
  }
  return at;
}

inline std::string_view stripRight(std::string_view text) {
  for (size_t at = lastCharacterAt(text);; at = lastCharacterAt(text)) {
    const std::optional<DecodedCharacter> last = decodeUtf8(text, at);
    if (!last || at + last->size != text.size() || !isPythonSpace(last->character)) {
      return text;
    }
    text = text.substr(0, at);
  }
}

inline std::string_view strip(std::string_view text) { return stripRight(stripLeft(text)); }

} // namespace cria::plugin
