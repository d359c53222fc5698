// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PrefixRule: which parts of a text a tokenizer begins with its prefix, the space in front of a word.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

/// A text is split at the tokens that occur in it. The values are indices of kPrefixRules.
enum class PrefixRule : uint8_t {
  always, ///< every part, unless it begins with a space (transformers: "legacy": true)
  first,  ///< the part that begins the text (transformers: "legacy": false)
  never,  ///< none (transformers: "add_prefix_space": false)
  each,   ///< every part, also one that begins with a space (SentencePiece by itself)
};

inline constexpr std::array<std::string_view, 4> kPrefixRules = {"always", "first", "never", "each"};

constexpr std::string_view nameOf(PrefixRule rule) { return kPrefixRules[static_cast<size_t>(rule)]; }

constexpr std::optional<PrefixRule> parsePrefixRule(std::string_view name) {
  for (size_t i = 0; i < kPrefixRules.size(); ++i) {
    if (kPrefixRules[i] == name) {
      return static_cast<PrefixRule>(i);
    }
  }
  return std::nullopt;
}

} // namespace cria
