// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TokenFilter: which tokens of a vocabulary a grammar allows at a position. Tokens are visited in the order
// of their bytes, so that a shared prefix is matched once, and results are cached.
//
// Not thread-safe; callers serialize.
#pragma once

#include "plugins/samplers/grammar/Matcher.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <memory>

namespace cria::grammar {

class TokenFilter {
public:
  /// `vocabulary` must outlive the filter.
  TokenFilter(Grammar grammar, const cria_vocabulary &vocabulary);

  Matcher &matcher() { return matcher_; }
  std::string_view pieceOf(int32_t token) const;

  /// Returns for each id whether the grammar allows its piece next; false for tokens without text. The result
  /// is valid until the next call. Errors: as Matcher::next.
  const std::vector<bool> &allowedAfter(const Position &position);
  /// The same for the first token of a text, in which one leading space is ignored.
  std::vector<bool> allowedFirst();
  /// Returns the position after `piece`; dead if the grammar does not allow it.
  Position after(Position position, std::string_view piece);

private:
  std::vector<bool> walk(const Position &position);

  const cria_vocabulary *vocabulary_;
  Matcher matcher_;
  std::vector<int32_t> sorted_;  // tokens with text, in the order of their bytes
  std::vector<uint32_t> shared_; // for each of them, the length of the prefix shared with the previous one
  std::map<std::array<uint32_t, 4>, std::vector<bool>> known_;
};

} // namespace cria::grammar
