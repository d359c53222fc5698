// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Translates the keyword `pattern` of JSON Schema, a regular expression, to GBNF.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cria::grammar {

/// Returns GBNF for the contents of a JSON string, without its quotes, in which the regular expression
/// (ECMA-262, UTF-8) has a match. Without `^` the match may be preceded by any text, without `$` followed by
/// any. The result refers to the rules `char` and `control`, and to those added by `addRule`, which adds a
/// rule for an expression and returns its name. Errors: throws plugin::Refusal (INVALID_ARGUMENT or
/// UNSUPPORTED), whose message begins with `where` and the position in characters.
std::string grammarOfPattern(std::string_view pattern, const std::string &where,
                             const std::function<std::string(const std::string &)> &addRule);

} // namespace cria::grammar
