// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens of a vocabulary in GBNF, as llama.cpp reads them: <[13]>, <think>, and !<think> for any other token.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "plugins/samplers/grammar/GbnfCursor.h"
#include "plugins/samplers/grammar/Grammar.h"

namespace cria::grammar {

/// Whether a token comes next.
bool isAtToken(const GbnfCursor &cursor);
/// Takes a token. Without a vocabulary only those with an id are known. Errors: plugin::Refusal with line and
/// column. REQUIRES: isAtToken(cursor)
Symbol takeTokenSymbol(GbnfCursor &cursor, const cria_vocabulary *vocabulary);

} // namespace cria::grammar
