// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A unit of the trie holds the label of its node, whether a key ends there, and the offset to its children.
// The child of node n for byte c is n ^ offset ^ c; a key's value is in the child for no byte.
#include "runtime/text/CharacterMap.h"

#include "support/Utf8.h"

namespace cria {

static constexpr size_t kSizeBytes = 4;
static constexpr uint32_t kIsValue = uint32_t{1} << 31;

static uint32_t wordAt(std::string_view bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) {
    word |= uint32_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  }
  return word;
}

static bool hasValue(uint32_t unit) { return (unit >> 8 & 1) != 0; }
static uint32_t labelOf(uint32_t unit) { return unit & (kIsValue | 0xFF); }
static uint32_t offsetOf(uint32_t unit) { return (unit >> 10) << ((unit & uint32_t{1} << 9) >> 6); }

/// Whether a replacement begins at this byte: a value may not point into a character.
static bool isStart(std::string_view replacements, size_t at) {
  return at < replacements.size() && (static_cast<uint8_t>(replacements[at]) & 0xC0) != 0x80;
}

StatusOr<CharacterMap> CharacterMap::parse(std::string_view bytes) {
  CharacterMap map;
  if (bytes.empty()) {
    return map;
  }
  const size_t trieBytes = bytes.size() < kSizeBytes ? 0 : wordAt(bytes, 0);
  if (trieBytes == 0 || trieBytes % 4 != 0 || trieBytes >= bytes.size() - kSizeBytes) {
    return invalidArgument(
        "expected a trie of a multiple of 4 bytes with replacements behind it, got {} of {} "
        "bytes",
        trieBytes, bytes.size());
  }
  map.replacements_ = bytes.substr(kSizeBytes + trieBytes);
  if (map.replacements_.back() != '\0' || utf8::findInvalid(map.replacements_) != std::string_view::npos) {
    return invalidArgument("expected replacements in UTF-8 with a NUL behind the last one");
  }
  for (size_t at = 0; at < trieBytes; at += 4) {
    map.units_.push_back(wordAt(bytes, kSizeBytes + at));
    const uint32_t unit = map.units_.back();
    if ((unit & kIsValue) != 0 && !isStart(map.replacements_, unit & ~kIsValue)) {
      return invalidArgument("expected the value of unit {} below {} at the start of a character, got {}",
                             at / 4, map.replacements_.size(), unit & ~kIsValue);
    }
  }
  return map;
}

std::optional<std::string_view> CharacterMap::replacementAt(uint32_t node) const {
  if (node >= units_.size() || (units_[node] & kIsValue) == 0) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(replacements_).substr(units_[node] & ~kIsValue);
  return rest.substr(0, rest.find('\0'));
}

std::optional<CharacterMap::Match> CharacterMap::find(std::string_view text) const {
  std::optional<Match> longest;
  if (units_.empty()) {
    return longest;
  }
  uint32_t node = offsetOf(units_[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    node ^= byte;
    if (node >= units_.size() || labelOf(units_[node]) != byte) {
      break;
    }
    const uint32_t unit = units_[node];
    node ^= offsetOf(unit);
    if (const auto replacement = hasValue(unit) ? replacementAt(node) : std::nullopt) {
      longest = Match{i + 1, *replacement};
    }
  }
  return longest;
}

} // namespace cria
