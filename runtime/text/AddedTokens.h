// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Added tokens: the tokens that a checkpoint defines above those of its tokenizer file, as a layer above any
// tokenizer (docs/decisions/0008-added-tokens-are-a-layer.md).
#pragma once

#include "format/AddedToken.h"
#include "format/PrefixRule.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Returns why `base` cannot have the token; nullopt if it can. A token needs a name in UTF-8 of 1 to 4096
/// bytes without NUL, which `base` does not have at another id. It may replace a token of `base`, but not a
/// byte or the unknown token, and a character or the beginning of a word does not become special.
std::optional<std::string> obstacleOf(const AddedToken &token, const Tokenizer &base);

/// What a checkpoint states about its tokenizer, as ids.
struct TokenLayer {
  std::vector<AddedToken> tokens; // ascending ids
  int32_t eosId = -1;             // -1: none
  PrefixRule prefix = PrefixRule::always;
};

/// Returns a tokenizer with the ids of `base` and those of `layer`. Special tokens are control tokens. At the
/// others a text is split (runtime/text/TokenFinder.h), and `base` encodes what lies between them; the rule
/// says which parts begin with the prefix of a text. Errors: invalidArgument unless the ids ascend, no name
/// occurs twice, and no token has an obstacle.
StatusOr<std::unique_ptr<Tokenizer>> withAddedTokens(std::unique_ptr<Tokenizer> base, TokenLayer layer);

} // namespace cria
