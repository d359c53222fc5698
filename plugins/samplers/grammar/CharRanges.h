// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CharRanges: a set of Unicode code points, stored as ascending ranges that are neither adjacent nor overlap.
#pragma once

#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace cria::grammar {

/// Returns the characters of a text; stops at what is not UTF-8.
inline std::vector<uint32_t> charactersOf(std::string_view text) {
  std::vector<uint32_t> characters;
  for (size_t at = 0; at < text.size();) {
    const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(text, at);
    if (!decoded) {
      break;
    }
    characters.push_back(decoded->character);
    at += decoded->size;
  }
  return characters;
}
inline std::string utf8Of(uint32_t character) {
  std::string bytes;
  plugin::appendUtf8(bytes, character);
  return bytes;
}

/// A set of code points. A range includes both of its ends. Not thread-safe.
class CharRanges {
public:
  CharRanges() = default;
  CharRanges(std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) : ranges_(ranges) { normalize(); }
  explicit CharRanges(std::vector<std::pair<uint32_t, uint32_t>> ranges) : ranges_(std::move(ranges)) {
    normalize();
  }

  void add(uint32_t first, uint32_t last) {
    ranges_.emplace_back(first, last);
    normalize();
  }
  void add(const CharRanges &other) {
    ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
    normalize();
  }
  /// All code points up to U+10FFFF that are not in the set.
  CharRanges complement() const {
    CharRanges result;
    uint32_t next = 0;
    for (const auto &[first, last] : ranges_) {
      if (first > next) {
        result.ranges_.emplace_back(next, first - 1);
      }
      next = last + 1;
    }
    if (next <= utf8::kLastCharacter) {
      result.ranges_.emplace_back(next, utf8::kLastCharacter);
    }
    return result;
  }
  /// The difference of the two sets.
  CharRanges without(const CharRanges &other) const {
    CharRanges outside = complement();
    outside.add(other);
    return outside.complement();
  }
  bool contains(uint32_t character) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), character,
                                        [](uint32_t c, const auto &range) { return c < range.first; });
    return after != ranges_.begin() && character <= std::prev(after)->second;
  }
  bool empty() const { return ranges_.empty(); }
  const std::vector<std::pair<uint32_t, uint32_t>> &ranges() const { return ranges_; }

private:
  void normalize() {
    std::sort(ranges_.begin(), ranges_.end());
    std::vector<std::pair<uint32_t, uint32_t>> merged;
    for (const auto &[first, last] : ranges_) {
      if (!merged.empty() && first <= merged.back().second + 1) {
        merged.back().second = std::max(merged.back().second, last);
      } else {
        merged.emplace_back(first, last);
      }
    }
    ranges_ = std::move(merged);
  }

  std::vector<std::pair<uint32_t, uint32_t>> ranges_;
};

} // namespace cria::grammar
