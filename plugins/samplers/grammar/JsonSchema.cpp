// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

static constexpr int kMostMembers = 10000; // of all objects: members are looked up one after the other

std::string grammarOfJsonSchema(std::string_view schema) {
  int members = 0;
  const auto watchSize = [&members](int depth, Json::parse_event_t event, Json &) { // before it is walked
    members += event == Json::parse_event_t::key ? 1 : 0;
    if (depth > SchemaWriter::kMostNesting || members > kMostMembers) {
      throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, "JSON Schema: expected values in at most " +
                                                              std::to_string(SchemaWriter::kMostNesting) +
                                                              " levels, and at most " +
                                                              std::to_string(kMostMembers) + " members");
    }
    return true;
  };
  try {
    return SchemaWriter(Json::parse(schema, watchSize)).write();
  } catch (const Json::exception &problem) { // of text: with line and column; else what has the wrong type
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, std::string("JSON Schema: ") + problem.what());
  }
}

} // namespace cria::grammar
