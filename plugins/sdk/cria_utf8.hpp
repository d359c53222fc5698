// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_utf8.hpp - UTF-8 to code points and back, as Unicode defines it: no overlong forms, no surrogates,
// nothing above U+10FFFF. Optional C++20 conveniences for plugins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cria::plugin {

inline constexpr uint32_t kLastCharacter = 0x10FFFF;

/// The state of an incremental decoder, since a token may end within a character: the bits of the character
/// so far, and the number of missing bytes.
struct PartialCharacter {
  uint32_t bits = 0;
  uint8_t missing = 0; // 0: between characters
  uint8_t size = 0;    // bytes of the whole character

  bool operator==(const PartialCharacter &) const = default;
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

struct DecodedCharacter {
  uint32_t character;
  size_t size; // bytes
};

/// Decodes the character at offset `at`. Returns nullopt if the bytes there are not UTF-8.
inline std::optional<DecodedCharacter> decodeUtf8(std::string_view text, size_t at) {
  PartialCharacter partial;
  for (size_t i = at; i < text.size(); ++i) {
    if (!partial.add(static_cast<uint8_t>(text[i]))) {
      return std::nullopt;
    }
    if (partial.isComplete()) {
      return DecodedCharacter{partial.bits, i - at + 1};
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
