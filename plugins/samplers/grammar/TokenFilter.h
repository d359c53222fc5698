// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TokenFilter: which tokens of a vocabulary a grammar allows at a position. Tokens are visited in the order
// of their bytes, so that a shared prefix is matched once, and results are cached. Where every character that
// needs no escape in JSON is allowed, tokens of such characters alone are not visited at all.
//
// Not thread-safe; callers serialize.
#pragma once

#include "plugins/samplers/grammar/Completions.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <memory>

namespace cria::grammar {

class TokenFilter {
public:
  /// `vocabulary` must outlive the filter.
  TokenFilter(Grammar grammar, const cria_vocabulary &vocabulary);

  Matcher &matcher() { return matcher_; }
  std::string_view pieceOf(int32_t token) const;
  /// Whether the token ends the text; then it is never a part of it.
  bool isEnd(int32_t token) const;

  /// Returns for each id whether the grammar allows its piece next; false for tokens without text. The result
  /// is valid until the next call. Errors: as Matcher::next.
  const std::vector<bool> &allowedAfter(const Position &position);
  /// The same for the first token of a text, in which one leading space is ignored.
  std::vector<bool> allowedFirst();
  /// Returns the position after a token: as the grammar names it, and after its text. Dead if the grammar
  /// does not allow it.
  Position afterToken(const Position &position, int32_t token);
  /// Returns the position after `piece`; dead if the grammar does not allow it.
  Position after(Position position, std::string_view piece);
  /// Returns how many bytes of tokens have been matched for all results so far.
  uint64_t numMatched() const { return numMatched_; }

private:
  /// Tokens in the order of their bytes.
  struct Order {
    std::vector<int32_t> tokens;
    std::vector<uint32_t> shared; // for each of them, the length of the prefix shared with the previous one
  };
  Order orderOf(std::vector<int32_t> tokens) const;
  /// What the grammar allows at a state where its conditions hold, and those of these tokens on which
  /// conditions may decide.
  struct Known {
    std::vector<bool> allowed;
    Order conditional;
  };
  Known walk(const Position &position);
  void allowNamed(const Position &position, std::vector<bool> &allowed) const;
  void walk(const Position &position, const Order &order, std::vector<bool> &allowed,
            std::vector<int32_t> *conditional);

  const cria_vocabulary *vocabulary_;
  Matcher matcher_;
  Order texts_;             // tokens with text
  std::vector<bool> plain_; // whether a token has only characters that need no escape in JSON
  Order others_;            // the other tokens with text
  uint64_t numMatched_ = 0;
  Completions completions_;
  std::map<std::array<uint32_t, 4>, Known> known_;
  std::vector<bool> corrected_; // the last result that conditions decide on
};

} // namespace cria::grammar
