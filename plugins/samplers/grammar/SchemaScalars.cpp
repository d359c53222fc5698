// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strings and integers of a JSON Schema.
#include "plugins/samplers/grammar/IntegerRange.h"
#include "plugins/samplers/grammar/JsonPattern.h"
#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

std::optional<int64_t> SchemaWriter::integer(const Json &schema, const char *name,
                                             const std::string &pointer) {
  if (!schema.contains(name)) {
    return std::nullopt;
  }
  if (!schema[name].is_number_integer()) {
    invalid(pointer + "/" + name, "expected a whole number, found " + schema[name].dump());
  }
  return schema[name].get<int64_t>();
}

std::string SchemaWriter::boundsOf(const Json &schema, const char *least, const char *most,
                                   const std::string &pointer) {
  constexpr int64_t kMost = 2000; // repetitions of a grammar
  const int64_t low = integer(schema, least, pointer).value_or(0);
  const std::optional<int64_t> high = integer(schema, most, pointer);
  if (low < 0 || low > kMost || (high && (*high < low || *high > kMost))) {
    invalid(pointer,
            std::string("expected '") + least + "' and '" + most + "' from 0 to 2000, in this order");
  }
  return "{" + std::to_string(low) + "," + (high ? std::to_string(*high) : "") + "}";
}

std::string SchemaWriter::stringOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "minLength", "maxLength", "format", "pattern"});
  if (schema.contains("format")) {
    const std::string format = schema["format"].is_string() ? schema["format"].get<std::string>() : "";
    if (format != "date" && format != "time" && format != "date-time" && format != "uuid") {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/format",
             "expected date, time, date-time or uuid, found " + schema["format"].dump());
    }
    allowOnly(schema, pointer, {"type", "format"});
    return format == "date-time" ? R"("\"" date "T" time "\"")" : R"("\"" )" + format + R"( "\"")";
  }
  if (schema.contains("pattern")) {
    if (!schema["pattern"].is_string()) {
      invalid(pointer + "/pattern", "expected a regular expression, found " + schema["pattern"].dump());
    }
    allowOnly(schema, pointer, {"type", "pattern"});
    const std::string inside =
        grammarOfPattern(schema["pattern"].get<std::string>(), "JSON Schema, at '" + pointer + "/pattern'",
                         [this](const std::string &expression) { return add(expression); });
    return "\"\\\"\" " + inside + " \"\\\"\"";
  }
  const bool isBounded = schema.contains("minLength") || schema.contains("maxLength");
  return isBounded ? R"("\"" char)" + boundsOf(schema, "minLength", "maxLength", pointer) + R"( "\"")"
                   : "string";
}

std::string SchemaWriter::integerOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"});
  std::optional<int64_t> least = integer(schema, "minimum", pointer),
                         most = integer(schema, "maximum", pointer);
  constexpr int64_t kMost = 1'000'000'000'000'000; // 16 digits
  if (const auto above = integer(schema, "exclusiveMinimum", pointer)) {
    least = std::max(least.value_or(-kMost), std::min(*above, kMost) + 1);
  }
  if (const auto below = integer(schema, "exclusiveMaximum", pointer)) {
    most = std::min(most.value_or(kMost), std::max(*below, -kMost) - 1);
  }
  if ((least && (*least < -kMost || *least > kMost)) || (most && (*most < -kMost || *most > kMost))) {
    invalid(pointer, "expected bounds of at most 15 zeros after the first digit");
  }
  if (least && most && *least > *most) {
    invalid(pointer, "no integer is from " + std::to_string(*least) + " to " + std::to_string(*most));
  }
  return integersBetween(least, most);
}

} // namespace cria::grammar
