// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The keywords that are read: the drafts that have them, and what their values have to be.
#pragma once

#include "plugins/samplers/grammar/SchemaDocument.h"

#include <utility>

namespace cria::grammar {

/// Returns the first and the last draft in which a name is a keyword.
std::pair<Draft, Draft> draftsOf(std::string_view name);

/// Checks the value of each keyword of a schema, an object: its type, and for names, counts and lists what
/// they hold. Schemas inside it are not checked. `isOpenApi`: `nullable` is a keyword, and the exclusive
/// bounds may be boolean, as they are in draft 4. Errors: throws plugin::Refusal (INVALID_ARGUMENT) with the
/// JSON pointer of the first keyword that has another value.
void checkKeywords(const SchemaDocument &document, const Json &schema, bool isOpenApi);

} // namespace cria::grammar
