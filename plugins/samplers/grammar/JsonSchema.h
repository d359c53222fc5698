// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON Schema as a grammar.
#pragma once

#include <string>
#include <string_view>

namespace cria::grammar {

/// GBNF whose texts are those of JSON values that the schema allows, properties in the order of their
/// declaration, with bounded blanks. Throws plugin::Refusal (INVALID_ARGUMENT or UNSUPPORTED) with a JSON
/// pointer to what is no schema or constrains in a way that is not done here: nothing that constrains is
/// ignored.
std::string grammarOfJsonSchema(std::string_view schema);

} // namespace cria::grammar
