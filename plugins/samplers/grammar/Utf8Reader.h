// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// UTF-8 a byte at a time, since a token may end inside a character.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cria::grammar {

inline constexpr uint32_t kLastCharacter = 0x10FFFF;

/// The bits of a character so far, and how many bytes are still to come.
struct PartialCharacter {
  uint32_t bits = 0;
  uint8_t missing = 0; // 0: between characters
  uint8_t size = 0;    // bytes of the whole

  bool operator==(const PartialCharacter &) const = default;
  bool isComplete() const { return missing == 0; }

  /// Takes one byte more. False: no UTF-8 goes on so.
  bool add(uint8_t byte) {
    if (missing == 0) {
      size = byte < 0x80                   ? 1
             : byte >= 0xC2 && byte < 0xE0 ? 2
             : byte >= 0xE0 && byte < 0xF0 ? 3
             : byte >= 0xF0 && byte < 0xF5 ? 4
                                           : 0;
      missing = static_cast<uint8_t>(size == 0 ? 0 : size - 1);
      bits = size == 1 ? byte : byte & (0x7Fu >> size);
      return size != 0;
    }
    bits = bits << 6 | (byte & 0x3Fu);
    --missing;
    return (byte & 0xC0) == 0x80 && first() <= last();
  }

  /// The lowest and highest character it may become: none shorter would do, no surrogates.
  uint32_t first() const {
    constexpr uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint32_t value = bits << (6 * missing);
    const uint32_t allowed = value < lowest[size] ? lowest[size] : value;
    return allowed >= 0xD800 && allowed < 0xE000 ? 0xE000 : allowed;
  }
  uint32_t last() const {
    const uint32_t value = (bits << (6 * missing)) | ((1u << (6 * missing)) - 1);
    const uint32_t allowed = value > kLastCharacter ? kLastCharacter : value;
    return allowed >= 0xD800 && allowed < 0xE000 ? 0xD7FF : allowed;
  }
};

struct Decoded {
  uint32_t character;
  size_t size; // bytes
};

/// The character at an offset; nothing where the bytes are no UTF-8.
inline std::optional<Decoded> decodeAt(std::string_view text, size_t at) {
  PartialCharacter partial;
  for (size_t i = at; i < text.size(); ++i) {
    if (!partial.add(static_cast<uint8_t>(text[i]))) {
      return std::nullopt;
    }
    if (partial.isComplete()) {
      return Decoded{partial.bits, i - at + 1};
    }
  }
  return std::nullopt;
}

/// Characters of a text; of bytes that are no UTF-8 those that begin one.
inline size_t countCharacters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) {
    count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  return count;
}

} // namespace cria::grammar
