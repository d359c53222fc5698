// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON Schema's `pattern` as a grammar.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cria::grammar {

/// GBNF of what stands between the quotes of a JSON string in which the regular expression (ECMA-262, in
/// UTF-8) finds a match: without `^` anything may come before, without `$` anything after. Uses the rule
/// `char` and `control`; addRule adds a rule and returns its name. Throws plugin::Refusal (INVALID_ARGUMENT
/// or UNSUPPORTED) that begins with `where` and names the character.
std::string grammarOfPattern(std::string_view pattern, const std::string &where,
                             const std::function<std::string(const std::string &)> &addRule);

} // namespace cria::grammar
