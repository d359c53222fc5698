// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kinds of tokenizers. The manifest of a package names the kind; a new kind is one row of the table in
// TokenizerRegistry.cpp.
// Public: included by runtime/cria.h.
#pragma once

#include "format/TokenizerKinds.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Loads a tokenizer from the bytes of its file, which are copied. `where` names the file in errors. Errors:
/// unsupported for an unknown kind; invalidArgument for a damaged file; unsupported for contents that Cria
/// does not support.
StatusOr<std::unique_ptr<Tokenizer>> loadTokenizer(std::string_view kind, std::string_view file,
                                                   std::string_view where);

/// Loads a tokenizer from the file at `path`. Errors: also notFound, io.
StatusOr<std::unique_ptr<Tokenizer>> openTokenizer(std::string_view kind, const std::string &path);

} // namespace cria
