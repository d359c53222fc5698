// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A template's source to statements.
#pragma once

#include "plugins/chat/jinja/Lexer.h"
#include "plugins/chat/jinja/Nodes.h"

namespace cria::jinja {

/// The statements of a normalized source. Errors: SyntaxFailure, also for filters, tests and tags that are
/// not known.
Body parseTemplate(TextView source, const LexerOptions &options);

} // namespace cria::jinja
