// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokens inside {{ }} and {% %}.
#pragma once

#include "plugins/chat/jinja/Lexer.h"

namespace cria::jinja {

/// Appends the tokens from `at` to the end of the tag; the result is where that end begins, at its sign if it
/// has one. Errors: SyntaxFailure.
size_t readTagTokens(TextView source, size_t at, bool isBlock, std::vector<Token> &tokens);

} // namespace cria::jinja
