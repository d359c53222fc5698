// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses the source of a template into statements.
#pragma once

#include "plugins/chat/jinja/Lexer.h"
#include "plugins/chat/jinja/Nodes.h"

namespace cria::jinja {

/// Returns the statements of a normalized source. Errors: SyntaxFailure, also for unknown filters, tests and
/// tags.
Body parseTemplate(TextView source, const LexerOptions &options);

} // namespace cria::jinja
