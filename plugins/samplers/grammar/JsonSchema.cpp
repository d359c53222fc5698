// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

std::string grammarOfJsonSchema(std::string_view schema, const SchemaOptions &options) {
  const SchemaDocument document(schema, options.documents);
  try {
    return SchemaWriter(document, options).write();
  } catch (const Languages::TooLarge &) {
    throw plugin::Refusal(
        CRIA_STATUS_UNSUPPORTED,
        "JSON Schema: patterns with lengths, names of properties, or bounds with multiples need more "
        "than " +
            std::to_string(Languages::kMaxStates) +
            " states together; simplify them, or state a length in its pattern");
  }
}

} // namespace cria::grammar
