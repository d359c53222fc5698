// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The texts that the grammars of JSON Schemas accept, and what is refused by name.
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gmock/gmock.h>

namespace cria::grammar {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Case {
  const char *schema;
  std::vector<const char *> fit, doNot;
};

TEST(JsonSchemaTest, AcceptsWhatFits) {
  const Case kCases[] = {
      {"true", {"1", "null", "[1, {}]", R"({"a": [true]})"}, {"", "01", "{a: 1}"}},
      {"{}", {"\"x\"", "-1.5e10"}, {"x"}},
      {R"({"type": "string"})", {R"("")", R"("a\"b\\\u00e4")", "\"\xC3\xA4\""}, {"1", "\"a", "\"\n\""}},
      {R"({"type": "string", "minLength": 2, "maxLength": 3})",
       {R"("ab")", R"("a\n\u00e4")"},
       {R"("a")", R"("abcd")"}},
      {R"({"type": "string", "format": "date"})", {R"("2026-02-31")"}, {R"("2026-13-01")", R"("26-01-01")"}},
      {R"({"type": "string", "format": "date-time"})",
       {R"("2026-01-02T03:04:05.678+01:00")"},
       {R"("2026-01-02")"}},
      {R"({"type": "string", "format": "uuid"})",
       {R"("123e4567-e89b-12d3-a456-426614174000")"},
       {R"("123e4567")"}},
      {R"({"type": "integer"})", {"0", "-12", "123456"}, {"1.0", "01", "-"}},
      {R"({"type": "integer", "minimum": -3, "exclusiveMaximum": 12})",
       {"-3", "0", "11"},
       {"-4", "12", "100"}},
      {R"({"type": "number"})", {"0.5", "-1e-3"}, {".5", "1."}},
      {R"({"type": ["boolean", "null"]})", {"true", "null"}, {"0"}},
      {R"({"enum": ["red", 7, null, {"a": [1]}]})", {"\"red\"", "7", "null", R"({"a":[1]})"}, {"red", "8"}},
      {R"({"const": "a\"b"})", {R"("a\"b")"}, {R"("ab")"}},
      {R"({"anyOf": [{"type": "integer"}, {"const": "all"}]})", {"5", "\"all\""}, {"\"al\""}},
      {R"({"type": "array", "items": {"type": "integer"}})", {"[]", "[1, 2,3]"}, {"[1,]", "[\"a\"]"}},
      {R"({"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 3})",
       {"[null, null]", "[null,null,null]"},
       {"[]", "[null]", "[null,null,null,null]"}},
      {R"({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false})",
       {R"(["a", 1])"},
       {R"(["a"])", R"(["a", 1, 2])"}},
      {R"({"type": "object"})", {"{}", R"({"a": 1, "b": {}})"}, {"[]"}},
      {R"({"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer"}}, "required": ["b"]})",
       {R"({"b": 1})", R"({"a": 1, "b": 2})", R"({"a":1,"b":2,"c":3})", R"({"b": 2, "c": 3})"},
       {"{}", R"({"a": 1})", R"({"b": 1, "a": 2})", R"({"b": 1, "d": 2})", R"({"b": 1,})"}},
      {R"({"properties": {"a": {"const": 1}, "b": {"const": 2}}})",
       {"{}", R"({"a": 1})", R"({"b": 2})", R"({"a": 1, "b": 2})"},
       {R"({"a": 2})", R"({"b": 2, "a": 1})"}},
      {R"({"properties": {"ab": {"const": 1}, "abc": {"const": 2}}, "additionalProperties": {"type": "integer"}})",
       {"{}", R"({"ab": 1, "x": 5})", R"({"abcd": 5, "a": 6, "": 7})", R"({"abc": 2, "b": 3})"},
       {R"({"ab": 5})", R"({"x": 5, "abc": 6})", R"({"x": "y"})"}},
      {R"({"allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"$ref": "#/$defs/b"}],
           "$defs": {"b": {"properties": {"b": {"const": 2}}}}})",
       {R"({"a": 1})", R"({"a": 1, "b": 2})"},
       {"{}", R"({"b": 2})"}},
      {R"({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties":
           {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
           "required": ["value"]}}})",
       {R"({"value": 1, "children": [{"value": 2}, {"value": 3, "children": []}]})"},
       {R"({"value": 1, "children": [4]})"}},
      {R"({"title": "A", "description": "b", "default": 1, "type": "null", "$comment": "c"})",
       {"null"},
       {"1"}},
  };
  for (const Case &each : kCases) {
    Matcher matcher(parseGbnf(grammarOfJsonSchema(each.schema), "root"));
    for (const char *text : each.fit) {
      EXPECT_TRUE(accepts(matcher, text)) << each.schema << "  " << text;
    }
    for (const char *text : each.doNot) {
      EXPECT_FALSE(accepts(matcher, text)) << each.schema << "  " << text;
    }
  }
}

TEST(JsonSchemaTest, RefusesWhatItDoesNotDoByName) {
  const std::pair<const char *, const char *> kSchemas[] = {
      {"{", "JSON Schema: parse error at line 1, column 2"},
      {"3", "at '/': expected an object or true"},
      {"false", "false allows no value"},
      {R"({"type": "text"})", "at '/type': expected object, array"},
      {R"({"type": "string", "pattern": "a+", "minLength": 2})",
       "at '/minLength': 'minLength' is not supported here"},
      {R"x({"type": "string", "pattern": "(?!a)"})x", "at '/pattern', character 3: lookahead"},
      {R"({"type": "string", "pattern": 1})", "at '/pattern': expected a regular expression, got 1"},
      {R"({"type": "string", "format": "email"})", "expected date, time, date-time or uuid"},
      {R"({"type": "string", "minLength": 5, "maxLength": 2})", "in ascending order"},
      {R"({"type": "number", "minimum": 1})", "'minimum' is not supported here"},
      {R"({"type": "integer", "multipleOf": 2})", "at '/multipleOf'"},
      {R"({"type": "integer", "minimum": 5, "maximum": 4})", "range from 5 to 4 is empty"},
      {R"({"type": "integer", "minimum": 1.5})", "expected an integer, got 1.5"},
      {R"({"enum": []})", "expected a nonempty array of values"},
      {R"({"not": {}})", "'not' is not supported"},
      {R"({"properties": {"a/b": {"type": "array", "uniqueItems": true}}})",
       "at '/properties/a~1b/uniqueItems'"},
      {R"({"properties": {}, "required": ["x"]})", "required property \"x\" is not declared"},
      {R"({"$ref": "#/$defs/none"})", "reference '#/$defs/none' has no target"},
      {R"({"allOf": [{"$ref": ""}]})", "at '/allOf/0/$ref': expected a reference into this schema"},
      {R"({"$ref": "http://example.org"})", "expected a reference into this schema"},
      {R"({"type": ["integer", "string"], "minimum": 3})", "use anyOf"},
      {R"({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]})",
       "declare property 'a' differently"},
  };
  for (const auto &[schema, message] : kSchemas) {
    try {
      grammarOfJsonSchema(schema);
      ADD_FAILURE() << schema << " is taken";
    } catch (const plugin::Refusal &refusal) {
      EXPECT_THAT(refusal.what(), HasSubstr(message)) << schema;
    }
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) {
    deep += R"({"type": "array", "items": )";
  }
  EXPECT_THROW(grammarOfJsonSchema(deep + "{}" + std::string(100000, '}')), plugin::Refusal);
  EXPECT_THROW(parseGbnf(grammarOfJsonSchema(R"({"$ref": "#"})"), "root"), plugin::Refusal); // without end
  std::string chain = R"({"$ref": "#/$defs/r0", "$defs": {)";
  for (int i = 0; i < 4000; ++i) {
    chain += "\"r" + std::to_string(i) + "\": {\"$ref\": \"#/$defs/r" + std::to_string(i + 1) + "\"}, ";
  }
  EXPECT_THROW(grammarOfJsonSchema(chain + R"("r4000": {}}})"), plugin::Refusal);
  std::string wide = R"({"properties": {)";
  for (int i = 0; i < 100000; ++i) {
    wide += "\"p" + std::to_string(i) + "\": {}, ";
  }
  EXPECT_THROW(grammarOfJsonSchema(wide + R"("q": {}}})"), plugin::Refusal);
  EXPECT_THROW(grammarOfJsonSchema(R"({"properties": {"a\nb": {}}, "additionalProperties": true})"),
               plugin::Refusal);
  EXPECT_THROW(
      grammarOfJsonSchema(R"({"enum": [)" + std::string(100000, '[') + std::string(100000, ']') + "]}"),
      plugin::Refusal);
  EXPECT_THROW(grammarOfJsonSchema(R"({"properties": {")" + std::string(5000, 'n') +
                                   R"(": {}}, "additionalProperties": true})"),
               plugin::Refusal);
}

} // namespace
} // namespace cria::grammar
