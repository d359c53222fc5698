// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a grammar, followed by a zero byte and a text, which is matched up to the first
// character that the grammar does not allow. A grammar is read or refused.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/Matcher.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/fuzz/FuzzTarget.h"

using namespace cria::grammar;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  try {
    const bool isSchema = input.starts_with("{"); // no rule begins so
    const std::string_view text = input.substr(0, end);
    Matcher matcher(isSchema ? parseGeneratedGbnf(grammarOfJsonSchema(text)) : parseGbnf(text, "root"));
    Position position = matcher.start();
    for (const char byte : input.substr(end)) {
      position = matcher.next(position, static_cast<uint8_t>(byte));
      if (matcher.isComplete(position) && !matcher.isAlive(position)) {
        abort();
      }
    }
  } catch (const cria::plugin::Refusal &) {
    return 0; // refused with place and reason
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  using namespace std::string_literals; // with the zero byte
  return {
      R"({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "array", "items": {"type": "integer", "minimum": 3}}}})",
      R"({"oneOf": [{"type": "number", "minimum": -0.5, "multipleOf": 0.25}, {"not": {"enum": ["a", 1]}, "maxLength": 2}], "if": {"const": null}, "else": {"minItems": 1}})",
      R"({"$id": "http://a/b", "$ref": "#x", "unevaluatedProperties": false, "$defs": {"c": {"$anchor": "x", "patternProperties": {"^x": {}}, "required": ["y"]}}})",
      R"x({"type": "string", "minLength": 2, "pattern": "^(a?[^\\d-]{2,}|\\u0041*)$"})x",
      "root ::= (x | [^a-z\\n]{2,3})* \"end\"?\nx ::= \"\\u00e4\" . # note\n\0ab\xC3\xA4"s,
      "root ::= \"{\" (s (\",\" s)*)? \"}\"\ns ::= \"\\\"\" [a-z]+ \"\\\"\""};
}
