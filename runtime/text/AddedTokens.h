// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens that a fine-tune added, as pieces of its base model's tokenizer.model.
#pragma once

#include "format/AddedToken.h"
#include "support/Status.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// `model` (a tokenizer.model) with those of `tokens` (by id) that it does not have: special ones as control
/// pieces, others as pieces that text is cut at. They continue the model's ids without a gap and stay below
/// vocabSize, and no name is there twice; the first token that is otherwise, and all after it, are left out,
/// and `notes` says so. Without a token to add it is `model` byte for byte. `where` names the model in errors
/// and notes. Errors: invalidArgument or unsupported, as SentenceModel::parse.
StatusOr<std::string> withAddedTokens(std::string_view model, std::span<const AddedToken> tokens,
                                      int64_t vocabSize, std::string_view where,
                                      std::vector<std::string> &notes);

} // namespace cria
