// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// marksOf: the tokens of a chat template that a message must not contain.
#pragma once

#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Returns the names of the tokens that are not control tokens and that `chat` writes in sample
/// conversations, as tokens or in its text, or that `source`, the text of its template, mentions. White space
/// is no mark.
std::vector<std::string> marksOf(const ChatTemplate &chat, std::string_view source,
                                 const Tokenizer &tokenizer);

} // namespace cria
