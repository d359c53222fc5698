// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

std::string grammarOfJsonSchema(std::string_view schema, const SchemaOptions &options) {
  const SchemaDocument document(schema);
  try {
    return SchemaWriter(document, options).write();
  } catch (const Languages::TooLarge &) {
    throw plugin::Refusal(
        CRIA_STATUS_UNSUPPORTED,
        "JSON Schema: a pattern needs more than " + std::to_string(Languages::kMaxStates) +
            " states together with the other patterns and lengths of its string; simplify it, or "
            "state its length in the pattern");
  }
}

} // namespace cria::grammar
