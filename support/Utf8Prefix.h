// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The prefix of one UTF-8 character, the base of everything that reads UTF-8, in Cria and in its plugins: no
// overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstdint>

namespace cria::utf8 {

inline constexpr uint32_t kLastCharacter = 0x10FFFF;

/// The first bytes of a character: its bits so far, and the number of missing bytes. The state of a decoder
/// that receives single bytes, since a token may end within a character.
struct Prefix {
  uint32_t bits = 0;
  uint8_t missing = 0; // 0: between characters
  uint8_t size = 0;    // bytes of the whole character

  bool operator==(const Prefix &) const = default;
  bool isComplete() const { return missing == 0; }

  /// Appends one byte. Returns false if the result is not the prefix of a UTF-8 sequence.
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

  /// Returns the lowest and the highest character that begin with these bytes.
  uint32_t first() const {
    constexpr uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000}; // of a sequence of that size
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

} // namespace cria::utf8
