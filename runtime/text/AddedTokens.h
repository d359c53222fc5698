// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Added tokens: the tokens that a fine-tune adds to the vocabulary of its base model, as a layer above any
// tokenizer (docs/decisions/0008-added-tokens-are-a-layer.md).
#pragma once

#include "format/AddedToken.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Returns those of `tokens` that withAddedTokens() accepts. `tokens` are sorted by id; those with ids of
/// `base` are skipped, as `base` has them. The first token that cannot be added, and all after it, are left
/// out with a note that begins with `where`. vocabSize: the number of ids of the model.
std::vector<AddedToken> selectAddedTokens(const Tokenizer &base, std::span<const AddedToken> tokens,
                                          int64_t vocabSize, std::string_view where,
                                          std::vector<std::string> &notes);

/// Returns a tokenizer with the ids of `base` followed by those of `tokens`. Special tokens are control
/// tokens. The others are found in a text before `base` encodes what lies between them: the leftmost first,
/// and the longest of those that begin at the same byte. Without tokens it returns `base` itself. Errors:
/// invalidArgument unless the ids continue those of `base` without a gap, no name occurs twice, and each name
/// is UTF-8 of 1 to 4096 bytes without NUL.
StatusOr<std::unique_ptr<Tokenizer>> withAddedTokens(std::unique_ptr<Tokenizer> base,
                                                     std::vector<AddedToken> tokens);

} // namespace cria
