// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the keyword `pattern` of JSON Schema, a regular expression.
#pragma once

#include "plugins/samplers/grammar/Languages.h"
#include "plugins/samplers/grammar/Reading.h"

#include <string>
#include <string_view>

namespace cria::grammar {

/// Returns the language of the texts in which the regular expression (ECMA-262, UTF-8, its characters code
/// points) has a match: in JavaScript and in Python (Reading::sure), or in at least one of them
/// (Reading::possible, which may have some texts more). Both are the same id if the expression means the
/// same to all. Without `^` the match may be preceded by any text, without `$` followed by any. Errors:
/// throws plugin::Refusal (INVALID_ARGUMENT or UNSUPPORTED), whose message begins with `where` and the
/// position in characters.
Languages::Id languageOfPattern(Languages &languages, std::string_view pattern, const std::string &where,
                                Reading reading = Reading::sure);

} // namespace cria::grammar
