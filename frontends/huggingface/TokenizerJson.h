// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tokenizer.json says about the ends of a text: the space in front of it, and the tokens that a
// tokenizer of the library `tokenizers` puts there.
#pragma once

#include "format/PrefixRule.h"
#include "support/Json.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cria::huggingface {

/// Returns the rule of "normalizer" and "pre_tokenizer", if they do nothing but write U+2581 for spaces and
/// in front of texts.
std::optional<PrefixRule> readPrefixRule(const Json &tokenizer);

/// Returns whether the tokenizer has the bytes of texts as its characters, as that of Llama 3.
bool isByteLevel(const Json &tokenizer);

/// Returns the pieces of "model" with their ids; none if it is not a map of ids by piece.
std::vector<std::pair<int64_t, std::string>> readVocabulary(const Json &tokenizer);

struct AddedEnds {
  std::vector<std::string> before, after; // names of tokens
};

/// Reads "post_processor". Errors: invalidArgument; unsupported, if it is of a type that LLaMA does not have.
StatusOr<AddedEnds> readAddedEnds(const Json &tokenizer, const std::string &where);

} // namespace cria::huggingface
