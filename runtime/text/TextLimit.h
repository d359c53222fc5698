// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Refuses texts that are far too long for a context before they are encoded, which takes much more memory
// than the text.
#pragma once

#include "runtime/text/Tokenizer.h"

namespace cria {

/// Checks that `text` may fit into `context` tokens, by the length of the longest token. Texts of up to 1 MiB
/// are never refused, because a tokenizer may encode many characters, such as spaces, as nothing. Errors:
/// invalidArgument with both lengths.
Status checkTextLength(std::string_view text, const Tokenizer &tokenizer, uint32_t context);

} // namespace cria
