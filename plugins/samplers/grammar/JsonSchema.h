// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Translates a JSON Schema to a grammar.
#pragma once

#include <string>
#include <string_view>

namespace cria::grammar {

/// Returns GBNF for the JSON texts that conform to the schema, with properties in the order of their
/// declaration and bounded whitespace. Errors: throws plugin::Refusal with a JSON pointer; INVALID_ARGUMENT
/// if `schema` is not a JSON Schema, UNSUPPORTED for a keyword that cannot be translated. No constraint is
/// ignored.
std::string grammarOfJsonSchema(std::string_view schema);

} // namespace cria::grammar
