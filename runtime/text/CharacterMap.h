// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CharacterMap: the table of a SentencePiece model that replaces characters before a text is encoded, such as
// those of NFKC. SentencePiece reads the table without bounds checks; this reader has them, so a table may be
// hostile.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

class CharacterMap {
public:
  struct Match {
    size_t size = 0;              // of the beginning of the text that is replaced
    std::string_view replacement; // valid UTF-8; a view into the map
  };

  /// A map that replaces nothing.
  CharacterMap() = default;

  /// Reads a `precompiled_charsmap`: the size of a double-array trie in bytes, the trie, and the
  /// replacements, each with a NUL behind it. Empty bytes are a map that replaces nothing. Errors:
  /// invalidArgument.
  static StatusOr<CharacterMap> parse(std::string_view bytes);

  /// The longest beginning of `text` that the map replaces.
  std::optional<Match> find(std::string_view text) const;

private:
  /// The replacement at the end of a key; nullopt if the trie is damaged there.
  std::optional<std::string_view> replacementAt(uint32_t node) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
};

} // namespace cria
