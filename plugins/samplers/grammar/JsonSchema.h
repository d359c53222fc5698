// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Translates a JSON Schema to a grammar.
#pragma once

#include <string>
#include <string_view>

namespace cria::grammar {

struct SchemaOptions {
  bool hasExactFormats = false; // formats other than date, time, date-time and uuid are enforced, too
  bool isOpenApi = false;       // `nullable: true` beside `type` allows null, as OpenAPI 3.0 defines it
  bool hasOpenObjects = false;  // objects that declare properties may have others, as the specification says
  std::string documents = {};   // a JSON object: further documents by URI, to which the schema may refer
};

/// Returns GBNF for JSON texts that conform to the schema, with properties in the order of their declaration
/// and bounded whitespace; see docs/grammars.md for what else is left out. Every text of the grammar
/// conforms. Errors: throws plugin::Refusal with a JSON pointer; INVALID_ARGUMENT if `schema` is not a JSON
/// Schema, UNSUPPORTED for a keyword that cannot be enforced. No constraint is ignored.
std::string grammarOfJsonSchema(std::string_view schema, const SchemaOptions &options = {});

} // namespace cria::grammar
