// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TokenFilter: which tokens of a vocabulary go on from a position of a grammar. Tokens are walked in the
// order of their bytes, so that what they share is matched once, and answers are kept.
#pragma once

#include "plugins/samplers/grammar/Matcher.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <memory>

namespace cria::grammar {

class TokenFilter {
public:
  /// vocabulary outlives the filter.
  TokenFilter(Grammar grammar, const cria_vocabulary &vocabulary);

  Matcher &matcher() { return matcher_; }
  std::string_view pieceOf(int32_t token) const;

  /// For each id whether its text is the beginning of what may follow. Tokens that print nothing are not.
  const std::vector<bool> &allowedAfter(const Position &position);
  /// The same for the first token of a text, of which one leading space does not count.
  std::vector<bool> allowedFirst();
  /// After a whole token; dead when it is not allowed.
  Position after(Position position, std::string_view piece);

private:
  std::vector<bool> walk(const Position &position);

  const cria_vocabulary *vocabulary_;
  Matcher matcher_;
  std::vector<int32_t> sorted_;  // tokens that print something, by their bytes
  std::vector<uint32_t> shared_; // bytes that each has in common with the one before
  std::map<std::array<uint32_t, 4>, std::vector<bool>> known_;
};

} // namespace cria::grammar
