// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Translates strings and integers of a JSON Schema.
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
    invalid(pointer + "/" + name, "expected an integer, got " + schema[name].dump());
  }
  return schema[name].get<int64_t>();
}

SchemaWriter::Bounds SchemaWriter::boundsOf(const Json &schema, const char *minimum, const char *maximum,
                                            const std::string &pointer) {
  constexpr int64_t kMax = 2000; // repetitions, as in GBNF
  const int64_t low = integer(schema, minimum, pointer).value_or(0);
  const std::optional<int64_t> high = integer(schema, maximum, pointer);
  if (low < 0 || low > kMax || (high && (*high < low || *high > kMax))) {
    invalid(pointer, std::string("expected '") + minimum + "' and '" + maximum +
                         "' from 0 to 2000, in ascending order");
  }
  return {low, high};
}

std::string SchemaWriter::stringOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "minLength", "maxLength", "format", "pattern"});
  if (schema.contains("format")) {
    const std::string format = schema["format"].is_string() ? schema["format"].get<std::string>() : "";
    if (format != "date" && format != "time" && format != "date-time" && format != "uuid") {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/format",
             "expected date, time, date-time or uuid, got " + schema["format"].dump());
    }
    allowOnly(schema, pointer, {"type", "format"});
    return format == "date-time" ? R"("\"" date "T" time "\"")" : R"("\"" )" + format + R"( "\"")";
  }
  if (schema.contains("pattern")) {
    if (!schema["pattern"].is_string()) {
      invalid(pointer + "/pattern", "expected a regular expression, got " + schema["pattern"].dump());
    }
    allowOnly(schema, pointer, {"type", "pattern"});
    const std::string inside =
        grammarOfPattern(schema["pattern"].get<std::string>(), "JSON Schema, at '" + pointer + "/pattern'",
                         [this](const std::string &expression) { return add(expression); });
    return "\"\\\"\" " + inside + " \"\\\"\"";
  }
  if (!schema.contains("minLength") && !schema.contains("maxLength")) {
    return "string";
  }
  const auto [minimum, maximum] = boundsOf(schema, "minLength", "maxLength", pointer);
  return R"("\"" char{)" + std::to_string(minimum) + "," + (maximum ? std::to_string(*maximum) : "") +
         R"(} "\"")";
}

std::string SchemaWriter::integerOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"});
  std::optional<int64_t> minimum = integer(schema, "minimum", pointer),
                         maximum = integer(schema, "maximum", pointer);
  constexpr int64_t kMax = 1'000'000'000'000'000; // 16 digits
  if (const auto above = integer(schema, "exclusiveMinimum", pointer)) {
    minimum = std::max(minimum.value_or(-kMax), std::min(*above, kMax) + 1);
  }
  if (const auto below = integer(schema, "exclusiveMaximum", pointer)) {
    maximum = std::min(maximum.value_or(kMax), std::max(*below, -kMax) - 1);
  }
  if ((minimum && (*minimum < -kMax || *minimum > kMax)) ||
      (maximum && (*maximum < -kMax || *maximum > kMax))) {
    invalid(pointer, "expected bounds from -10^15 to 10^15");
  }
  if (minimum && maximum && *minimum > *maximum) {
    invalid(pointer,
            "range from " + std::to_string(*minimum) + " to " + std::to_string(*maximum) + " is empty");
  }
  return integersBetween(minimum, maximum);
}

} // namespace cria::grammar
