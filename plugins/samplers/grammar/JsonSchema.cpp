// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

static constexpr int kMaxMembers = 10000; // of all objects together; ordered_json searches members linearly

std::string grammarOfJsonSchema(std::string_view schema) {
  int members = 0;
  const auto watchSize = [&members](int depth, Json::parse_event_t event,
                                    Json &) { // limits the parser's work
    members += event == Json::parse_event_t::key ? 1 : 0;
    if (depth > SchemaWriter::kMaxNesting || members > kMaxMembers) {
      throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                            "JSON Schema: expected at most " + std::to_string(SchemaWriter::kMaxNesting) +
                                " levels of nesting and at most " + std::to_string(kMaxMembers) + " members");
    }
    return true;
  };
  try {
    return SchemaWriter(Json::parse(schema, watchSize)).write();
  } catch (const Json::exception &problem) { // a syntax error with its position, or a value of a wrong type
    const std::string text = problem.what(); // "[json.exception.parse_error.101] parse error at ..."
    const size_t end = text.find("] ");
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                          "JSON Schema: " + (end == std::string::npos ? text : text.substr(end + 2)));
  }
}

} // namespace cria::grammar
