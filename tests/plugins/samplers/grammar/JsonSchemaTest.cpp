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
      {R"({"type": "string", "format": "date"})",
       {R"("2026-02-28")", R"("2024-02-29")", R"("2000-02-29")", R"("1999-12-31")"},
       {R"("2026-13-01")", R"("26-01-01")", R"("2026-02-29")", R"("1900-02-29")", R"("2026-02-31")",
        R"("2026-04-31")", R"("0000-01-01")"}},
      {R"({"type": "string", "format": "date-time"})",
       {R"("2026-01-02T03:04:05.678+01:00")"},
       {R"("2026-01-02")"}},
      {R"({"type": "string", "format": "uuid"})",
       {R"("123e4567-e89b-12d3-a456-426614174000")"},
       {R"("123e4567")"}},
      {R"({"type": "integer"})",
       {"0", "-12", "123456", "-9223372036854775808", "18446744073709551615"},
       {"1.0", "01", "-"}},
      {R"({"type": "integer", "minimum": 1, "not": {"const": 5}})", {"9223372036854775807", "1"}, {"0", "5"}},
      {R"({"type": "integer", "not": {"multipleOf": 7}})", {"999999999999999"}, {"9007199254740993", "7"}},
      {R"({"type": "integer", "minimum": -3, "exclusiveMaximum": 12})",
       {"-3", "0", "11"},
       {"-4", "12", "100"}},
      {R"({"type": "number"})", {"0.5", "-1e-3"}, {".5", "1."}},
      // What is no integer is none in double precision either, and so is what is no multiple.
      {R"({"type": "number", "not": {"type": "integer"}})",
       {"0.5", "-1.25", "12345678901234.5", "0.12345678901234"},
       {"1", "1.0", "9007199254740993.5", "4503599627370496.3", "123456789012345.5"}},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", {"0.5"}, {"1", "9007199254740993.5"}},
      {R"({"oneOf": [{"type": "integer"}, {"minimum": 2}]})", {"1", "2.5"}, {"3", "9007199254740993.5"}},
      {R"({"type": "number", "not": {"multipleOf": 0.5}})", {"0.3"}, {"0.5", "4503599627370496.3"}},
      {R"({"type": "array", "not": {"contains": {"type": "integer"}}})",
       {"[1.5]"},
       {"[1]", "[9007199254740993.5]"}},
      {R"({"if": {"type": "integer"}, "then": {"type": "null"}, "else": {"type": "number"}})",
       {"1.5"},
       {"1", "9007199254740993.5"}},
      {R"({"enum": [9007199254740993.5, 1.5, 2], "not": {"type": "integer"}})",
       {"1.5"},
       {"9007199254740993.5", "2"}},
      {R"({"oneOf": [{"enum": [9007199254740993.5, 1.5]}, {"type": "integer"}]})",
       {"1.5", "2"},
       {"9007199254740993.5"}},
      // A bound beyond what is written does not forbid a fraction.
      {R"({"type": "number", "maximum": 1e20})", {"0.5", "-9999999999999999.25"}, {"1e21"}},
      {R"({"type": ["boolean", "null"]})", {"true", "null"}, {"0"}},
      {R"({"enum": ["red", 7, null, {"a": [1]}]})", {"\"red\"", "7", "null", R"({"a":[1]})"}, {"red", "8"}},
      {R"({"const": "a\"b"})", {R"("a\"b")"}, {R"("ab")"}},
      {R"({"anyOf": [{"type": "integer"}, {"const": "all"}]})", {"5", "\"all\""}, {"\"al\""}},
      {R"({"type": "array", "items": {"type": "integer"}})", {"[]", "[1, 2,3]"}, {"[1,]", "[\"a\"]"}},
      {R"({"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 3})",
       {"[null, null]", "[null,null,null]"},
       {"[]", "[null]", "[null,null,null,null]"}},
      {R"({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false})",
       {R"(["a", 1])", R"(["a"])", "[]"},
       {R"([1])", R"(["a", 1, 2])"}},
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
      // Enumerations beside other keywords.
      {R"({"type": "string", "enum": ["a", null, 1]})", {R"("a")"}, {"null", "1"}},
      {R"({"const": 5, "type": ["string", "integer"], "minimum": 3})", {"5"}, {"6"}},
      {R"({"enum": [[1, "x"], [2]], "items": {"type": "integer"}})", {"[2]"}, {R"([1,"x"])"}},
      // Numbers.
      {R"({"type": "number", "minimum": 0, "exclusiveMaximum": 1.5})",
       {"0", "0.0", "1", "1.49", "0.001"},
       {"-0.1", "1.5", "1.50", "2", "-1"}},
      {R"({"type": "number", "exclusiveMinimum": -0.25, "maximum": -0.05})",
       {"-0.2", "-0.05", "-0.249"},
       {"-0.25", "-0.3", "-0.04", "0"}},
      {R"({"type": "integer", "minimum": 0.0, "maximum": 9007199254740991})",
       {"0", "9007199254740991"},
       {"-1", "9007199254740992"}},
      {R"({"type": "integer", "minimum": -123456789012345678901234567890, "maximum": -1e2})",
       {"-123456789012345678901234567890", "-100"},
       {"-123456789012345678901234567891", "-99"}},
      {R"({"type": "integer", "multipleOf": 7, "minimum": -20, "maximum": 100})",
       {"0", "-14", "98"},
       {"1", "-21", "105", "97"}},
      {R"({"type": "number", "multipleOf": 0.25})", {"0.25", "3", "-1.500"}, {"0.3", "0.125"}},
      {R"({"type": "integer", "format": "int32"})", {"1"}, {"1.5"}},
      // Several types with keywords, and formats that are annotations.
      {R"({"type": ["string", "null"], "maxLength": 2, "items": {"type": "null"}})",
       {"null", R"("ab")"},
       {R"("abc")", "[]"}},
      {R"({"type": "string", "format": "email"})", {R"("anything")"}, {"1"}},
      {R"({"type": "string", "nullable": true})", {R"("a")"}, {"null"}},
      // Arrays.
      {R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2})",
       {R"([1,"a"])"},
       {"[1]", R"([1,"a",2])"}},
      {R"({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "integer"}], "additionalItems": {"type": "null"}})",
       {"[]", "[1]", "[1, null, null]"},
       {"[null]", "[1, 1]"}},
      {R"({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "minItems": 2})",
       {R"(["c","a"])", R"(["a","b","c"])"},
       {R"(["a"])", R"(["a","b","a"])"}},
      {R"({"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 5}, "maxContains": 2})",
       {"[5]", "[1, 6, 2, 9]"},
       {"[]", "[1, 2]", "[5, 6, 7]"}},
      {R"({"type": "array", "items": {"type": "null"}, "maxItems": 70000})", {"[]", "[null]"}, {"[1]"}},
      // Objects.
      {R"({"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 1, "maxProperties": 1})",
       {R"({"a": 1})", R"({"b": 1})"},
       {"{}", R"({"a": 1, "b": 2})"}},
      {R"({"type": "object", "patternProperties": {"^x": {"type": "integer"}, "y$": {"minimum": 3}}, "additionalProperties": false})",
       {"{}", R"({"x": 1})", R"({"y": 4, "xy": 5})"},
       {R"({"xy": 1})", R"({"z": 1})", R"({"x": "a"})"}},
      {R"({"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "additionalProperties": {"type": "integer"}})",
       {R"({"ab": 1})"},
       {R"({"abc": 1})", R"({"ab": ""})"}},
      {R"({"type": "object", "properties": {"a\nb": {"type": "null"}}, "additionalProperties": true})",
       {R"({"a\nb": null, "c": 1})"},
       {R"({"a\nb": 1})", R"({"\u0061\nb": 1})"}},
      {R"({"properties": {}, "required": ["x"]})", {R"({"x": [1]})"}, {"{}", R"({"y": 1})"}},
      // Names that are only required keep the order of `required`, after those that are declared.
      {R"({"required": ["z", "b", "a"], "properties": {"a": {}}})",
       {R"({"a": 1, "z": 2, "b": 3})"},
       {R"({"a": 1, "b": 3, "z": 2})", R"({"z": 2, "b": 3})"}},
      // A number that is an integer has the spelling of an integer, too.
      {R"({"enum": [-2.0, 1e2, 0.5]})", {"-2.0", "-2", "1e2", "100", "0.5"}, {"-2.00", "5e-1"}},
      {R"({"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}})",
       {"{}", R"({"b": 1})", R"({"a": 1, "b": 2})"},
       {R"({"a": 1})"}},
      // Combinations.
      {R"({"properties": {"c": {"allOf": [{"$ref": "#/$defs/Color"}], "default": "red"}}, "$defs": {"Color": {"type": "string", "enum": ["red", "blue"]}}})",
       {R"({"c": "blue"})"},
       {R"({"c": "green"})"}},
      {R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})",
       {R"({"a": 1})", R"({"b": 1})", R"({"a": 1, "b": 1})"},
       {"{}", R"({"a": "x"})"}},
      {R"({"oneOf": [{"type": "integer", "minimum": 3}, {"type": "integer", "maximum": 5}]})",
       {"2", "6"},
       {"3", "4", "5"}},
      {R"({"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "discriminator": {"propertyName": "k"}, "$defs": {
           "Cat": {"type": "object", "properties": {"k": {"const": "cat"}, "n": {"type": "integer"}}, "required": ["k"]},
           "Dog": {"type": "object", "properties": {"k": {"const": "dog"}}, "required": ["k"]}}})",
       {R"({"k": "cat", "n": 1})", R"({"k": "dog"})"},
       {R"({"k": "cow"})", "{}"}},
      {R"({"type": "string", "not": {"enum": ["a", "b"]}})",
       {R"("c")", R"("ab")", R"("")"},
       {R"("a")", R"("b")"}},
      {R"({"properties": {"t": {"enum": ["x", "y"]}, "v": {}}, "required": ["t"], "type": "object",
           "if": {"properties": {"t": {"const": "x"}}}, "then": {"required": ["v"]}, "else": {"properties": {"v": {"type": "null"}}}})",
       {R"({"t": "x", "v": 1})", R"({"t": "y"})", R"({"t": "y", "v": null})"},
       {R"({"t": "x"})", R"({"t": "y", "v": 1})"}},
      {R"({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]})",
       {"{}", "3"},
       {R"({"a": 1})"}},
      {R"({"allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}, "unevaluatedProperties": false})",
       {R"({"b": 1, "a": 2})", R"({"a": 2})"},
       {R"({"c": 1})"}},
      // A property that fails a keyword which lists no names; of two with one name, the last would count.
      {R"({"type": "object", "not": {"patternProperties": {"^a": {"type": "integer"}}}})",
       {R"({"b": 1, "ab": "x", "a": 2})", R"({"a": null})"},
       {"{}", R"({"b": "x"})", R"({"a": 1})", R"({"a": null, "a": 1})"}},
      {R"({"type": "object", "not": {"propertyNames": {"maxLength": 1}}, "maxProperties": 2})",
       {R"({"ab": 1})", R"({"a": 1, "bc": 1})"},
       {"{}", R"({"a": 1, "b": 2})", R"({"a": 1, "b": 2, "cd": 3})"}},
      {R"({"type": "object", "properties": {"a": {}}, "not": {"properties": {"a": {}}, "additionalProperties": false}})",
       {R"({"a": 1, "b": 2})", R"({"b": 2})"},
       {"{}", R"({"a": 1})"}},
      {R"({"type": "object", "minProperties": 3})",
       {R"({"a": 1, "b": 1, "c": 1})", R"({"a": 1, "b": 1, "c": 1, "": 1})"},
       {R"({"a": 1, "b": 1})", R"({"a": 1, "b": 1, "\u0061": 1})"}},
      // References.
      {R"({"$id": "https://example.org/s.json", "$ref": "https://example.org/s.json#/$defs/N", "$defs": {"N": {"type": "integer"}}})",
       {"1"},
       {"null"}},
      {R"({"$id": "https://example.org/a/s.json", "$ref": "t.json#there", "$defs": {"N": {"$id": "t.json", "$defs": {"x": {"$anchor": "there", "type": "null"}}}}})",
       {"null"},
       {"1"}},
      {R"({"$ref": "#/$defs/N", "maximum": 3, "$defs": {"N": {"type": "integer"}}})", {"1"}, {"4"}},
      {R"({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/N", "maximum": 3, "definitions": {"N": {"type": "integer"}}})",
       {"1", "4"},
       {"null"}},
      // Unknown keywords.
      {R"({"type": "integer", "example": 1, "x-order": 2, "contentMediaType": "text/plain"})",
       {"1"},
       {"null"}},
      {R"({"title": "A", "description": "b", "default": 1, "type": "null", "$comment": "c"})",
       {"null"},
       {"1"}},
  };
  for (const Case &each : kCases) {
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(each.schema)));
    for (const char *text : each.fit) {
      EXPECT_TRUE(accepts(matcher, text)) << each.schema << "  " << text;
    }
    for (const char *text : each.doNot) {
      EXPECT_FALSE(accepts(matcher, text)) << each.schema << "  " << text;
    }
  }
}

/// Returns the message with which a schema is refused; an empty one if it is taken.
std::string schemaRefusalOf(const std::string &schema, const SchemaOptions &options = {}) {
  try {
    grammarOfJsonSchema(schema, options);
    return "";
  } catch (const plugin::Refusal &refusal) {
    return refusal.what();
  }
}

TEST(JsonSchemaTest, RefusesWhatItDoesNotDoByName) {
  const std::pair<const char *, const char *> kSchemas[] = {
      {"{", "JSON Schema: parse error at line 1, column 2: the text ends before the schema does"},
      {"", "JSON Schema: the text is empty"},
      {"{} x", "JSON Schema: parse error at line 1, column 4: unexpected 'x'"},
      {"{\"type\":\n\"a\tb\"}", "JSON Schema: parse error at line 2, column 3: a string has"},
      {"3", "at '/': expected a schema, which is an object or a boolean, got 3"},
      {"false", "no value conforms to the schema"},
      {R"({"type": "text"})", "at '/type': expected object, array"},
      {R"({"type": "string", "pattern": "a\\b"})", "at '/pattern', character 4: '\\b' is not supported"},
      {R"({"type": "string", "pattern": 1})", "at '/pattern': expected a string, got 1"},
      {R"({"type": "string", "minLength": 5, "maxLength": 2})", "no value conforms to the schema"},
      {R"({"type": "string", "minLength": -1})", "at '/minLength': expected a nonnegative integer, got -1"},
      {R"({"type": "integer", "multipleOf": 0})", "at '/multipleOf': expected a number above zero"},
      {R"({"type": "integer", "multipleOf": 100003})",
       "at '/multipleOf': multiples of 100003 are not supported"},
      {R"({"type": "integer", "minimum": 5, "maximum": 4})", "no value conforms to the schema"},
      {R"({"type": "integer", "minimum": "1"})", "at '/minimum': expected a number"},
      {R"({"enum": []})", "expected a nonempty array"},
      {R"({"not": {}})", "no value conforms to the schema"},
      {R"({"not": {"uniqueItems": true}})", "at '/not/uniqueItems': 'uniqueItems' is not supported in not"},
      {R"({"properties": {"a/b": {"not": {"uniqueItems": true}}}})",
       "at '/properties/a~1b/not/uniqueItems': 'uniqueItems' is not supported in not"},
      {R"({"$ref": "#/$defs/none"})", "reference '#/$defs/none' has no target"},
      {R"({"allOf": [{"$ref": ""}]})", "refers to itself without end"},
      {R"({"$ref": "http://example.org"})", "expected a reference into this schema"},
      {R"({"$schema": "http://json-schema.org/draft-03/schema#"})", "draft 3 is not supported"},
      {R"({"$schema": "http://foo/bar"})", "at '/$schema': expected draft 4, 6, 7, 2019-09 or 2020-12"},
      {R"({"a": 1, "a": 2})", "name 'a' is given twice"},
  };
  for (const auto &[schema, message] : kSchemas) {
    EXPECT_THAT(schemaRefusalOf(schema), HasSubstr(message)) << schema;
  }
  EXPECT_THAT(schemaRefusalOf(R"({"items": [{"minimum": 1)" + std::string(400, '0') + "}]}"),
              HasSubstr("at '/items/0/minimum': expected a number below 1.8e308, got 1000"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) {
    deep += R"({"type": "array", "items": )";
  }
  EXPECT_THROW(grammarOfJsonSchema(deep + "{}" + std::string(100000, '}')), plugin::Refusal);
  EXPECT_THROW(grammarOfJsonSchema(R"({"$ref": "#"})"), plugin::Refusal); // without end
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
  EXPECT_THROW(
      grammarOfJsonSchema(R"({"enum": [)" + std::string(100000, '[') + std::string(100000, ']') + "]}"),
      plugin::Refusal);
}

TEST(JsonSchemaTest, EnforcesFormatsOnRequest) {
  const auto matcherOf = [](const std::string &format) {
    return Matcher(parseGeneratedGbnf(grammarOfJsonSchema(
        R"({"type": "string", "format": ")" + format + "\"}", {.hasExactFormats = true})));
  };
  struct Format {
    const char *name;
    std::vector<const char *> fit, doNot;
  };
  const Format kFormats[] = {
      {"email", {R"("a.b@example.org")"}, {R"("a@")", R"("example.org")"}},
      {"ipv4", {R"("192.168.0.255")"}, {R"("192.168.0.256")", R"("1.2.3")", R"("01.2.3.4")"}},
      {"ipv6", {R"("::1")", R"("1:2:3:4:5:6:7:8")"}, {R"("1:2")", R"("::1::")"}},
      {"hostname", {R"("example.org")"}, {R"("-a.org")", R"("")"}},
      {"uri", {R"("https://example.org/a?b#c")"}, {R"("example")"}},
      {"duration", {R"("P1DT12H")", R"("P3W")"}, {R"("P")", R"("P1D1Y")"}},
      {"json-pointer", {R"("")", R"("/a~1b/0")"}, {R"("a")", R"("/~2")"}}};
  for (const auto &[name, fit, doNot] : kFormats) {
    Matcher matcher = matcherOf(name);
    for (const char *text : fit) {
      EXPECT_TRUE(accepts(matcher, text)) << name << "  " << text;
    }
    for (const char *text : doNot) {
      EXPECT_FALSE(accepts(matcher, text)) << name << "  " << text;
    }
  }
  EXPECT_THROW(matcherOf("regex"), plugin::Refusal);
}

TEST(JsonSchemaTest, EnforcesFormatsOfNumbersOnRequest) {
  const Case kCases[] = {
      {R"({"type": "integer", "format": "int32"})", {"2147483647", "-2147483648"}, {"2147483648"}},
      {R"({"type": "number", "format": "int64"})", {"9223372036854775807"}, {"9223372036854775808", "1.5"}},
      {R"({"format": "uint8"})", {"0", "255", R"("a")"}, {"-1", "256", "1.5"}},
      {R"({"format": "ipv4"})", {"1.5", R"("1.2.3.4")"}, {R"("a")"}},
      {R"({"type": "number", "format": "float"})", {"1.5", "-3"}, {"1e39"}},
      {R"({"enum": [1e38, 1e39], "format": "float"})", {"1e38"}, {"1e39"}},
      {R"({"type": "number", "format": "double"})", {"1.5"}, {R"("a")"}},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number", "not": {"format": "int32"}}]})",
       {"5"},
       {"5000000000"}},
  };
  for (const Case &each : kCases) {
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(each.schema, {.hasExactFormats = true})));
    for (const char *text : each.fit) {
      EXPECT_TRUE(accepts(matcher, text)) << each.schema << "  " << text;
    }
    for (const char *text : each.doNot) {
      EXPECT_FALSE(accepts(matcher, text)) << each.schema << "  " << text;
    }
  }
  EXPECT_THAT(schemaRefusalOf(R"({"type": "integer", "format": "decimal"})", {.hasExactFormats = true}),
              HasSubstr("at '/format': format 'decimal' cannot be enforced"));
  EXPECT_THAT(schemaRefusalOf(R"({"type": "string", "format": "int64"})", {.hasExactFormats = true}),
              HasSubstr("format 'int64' cannot be enforced on strings"));
}

// Beside a type that the keyword does not speak of, so that nothing else reads it.
TEST(JsonSchemaTest, RefusesValuesOfKeywordsThatAreOfAnotherType) {
  const std::pair<const char *, const char *> kMembers[] = {
      {R"("uniqueItems": "true")", "at '/uniqueItems': expected true or false, got \"true\""},
      {R"("uniqueItems": null)", "at '/uniqueItems': expected true or false, got null"},
      {R"("exclusiveMinimum": true)",
       "at '/exclusiveMinimum': expected a number; true and false are of draft 4"},
      {R"("minContains": "1")", "at '/minContains': expected a number, got \"1\""},
      {R"("maxItems": 1.5)", "at '/maxItems': expected a nonnegative integer, got 1.5"},
      {R"("multipleOf": 0)", "at '/multipleOf': expected a number above zero, got 0"},
      {R"("pattern": 1)", "at '/pattern': expected a string, got 1"},
      {R"("format": [])", "at '/format': expected a string, got []"},
      {R"("required": ["a", 1])", "at '/required': expected an array of names"},
      {R"("items": 1)", "at '/items': expected a schema, or an array of schemas, got 1"},
      {R"("prefixItems": {})", "at '/prefixItems': expected an array of schemas, got {}"},
      {R"("properties": {"a": 1})", "at '/properties': expected an object of schemas"},
      {R"("propertyNames": "a")", "at '/propertyNames': expected a schema"},
      {R"("dependentRequired": {"a": "b"})", "at '/dependentRequired': expected an array of names for each"},
      {R"("dependencies": {"a": "b"})", "at '/dependencies': expected an object of schemas and arrays"},
      {R"("anyOf": [])", "at '/anyOf': expected a nonempty array of schemas, got []"},
      {R"("then": 1)", "at '/then': expected a schema"},
      {R"("$anchor": 1)", "at '/$anchor': expected a string, got 1"},
  };
  for (const auto &[member, message] : kMembers) {
    EXPECT_THAT(schemaRefusalOf(R"({"type": "null", )" + std::string(member) + "}"), HasSubstr(message));
    EXPECT_NE(schemaRefusalOf(R"({"type": "null", "not": {"type": "string", )" + std::string(member) + "}}"),
              "");
  }
  constexpr const char *kFlag = R"("type": "null", "exclusiveMinimum": true})";
  const std::string draft4 = R"({"$schema": "http://json-schema.org/draft-04/schema#", )";
  EXPECT_EQ(schemaRefusalOf(draft4 + kFlag), "");
  EXPECT_EQ(schemaRefusalOf(std::string("{") + kFlag, {.isOpenApi = true}), "");
  EXPECT_THAT(schemaRefusalOf(draft4 + R"("exclusiveMinimum": 1})"), HasSubstr("expected true or false"));
  EXPECT_THAT(schemaRefusalOf(R"({"nullable": "true"})", {.isOpenApi = true}), HasSubstr("at '/nullable'"));
  EXPECT_EQ(schemaRefusalOf(R"({"nullable": "true"})"), "");
}

// Objects that declare other properties in each schema are open to those of the others, as far as oneOf goes.
TEST(JsonSchemaTest, TakesManySchemasOfOneOf) {
  std::string variants;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "\"p" + std::to_string(i) + "\"";
    variants += (i == 0 ? "" : ", ") + ("{\"type\": \"object\", \"properties\": {" + name) +
                ": {}}, \"required\": [" + name + "]}";
  }
  Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema("{\"oneOf\": [" + variants + "]}")));
  EXPECT_TRUE(accepts(matcher, R"({"p19": 1})"));
  EXPECT_FALSE(accepts(matcher, R"({"p1": 1, "p19": 1})"));
}

TEST(JsonSchemaTest, KnowsNullableOnRequest) {
  Matcher matcher(parseGeneratedGbnf(
      grammarOfJsonSchema(R"({"type": "string", "nullable": true})", {.isOpenApi = true})));
  EXPECT_TRUE(accepts(matcher, "null"));
  EXPECT_TRUE(accepts(matcher, R"("a")"));
  EXPECT_FALSE(accepts(matcher, "1"));
}

TEST(JsonSchemaTest, OpensObjectsOnRequest) {
  constexpr const char *kSchema = R"({"type": "object", "properties": {"a": {"type": "null"}}})";
  Matcher closed(parseGeneratedGbnf(grammarOfJsonSchema(kSchema)));
  Matcher open(parseGeneratedGbnf(grammarOfJsonSchema(kSchema, {.hasOpenObjects = true})));
  EXPECT_FALSE(accepts(closed, R"({"a": null, "b": 1})"));
  EXPECT_TRUE(accepts(open, R"({"a": null, "b": 1})"));
  EXPECT_FALSE(accepts(open, R"({"b": 1, "a": 2})"));
}

// A text that escapes a character outside of the basic plane has one character, as one that does not.
TEST(JsonSchemaTest, CountsCharacters) {
  Matcher matcher(
      parseGeneratedGbnf(grammarOfJsonSchema(R"({"type": "string", "minLength": 1, "maxLength": 1})")));
  for (const char *text : {"\"\xF0\x9F\xA6\x99\"", R"("\ud83e\udd99")", R"("\u00e4")", R"("\n")"}) {
    EXPECT_TRUE(accepts(matcher, text)) << text;
  }
  for (const char *text : {R"("\ud83e")", R"("\ud83e\ud83e")", R"("")", R"("aa")"}) {
    EXPECT_FALSE(accepts(matcher, text)) << text;
  }
  Matcher large(parseGeneratedGbnf(
      grammarOfJsonSchema(R"({"type": "string", "minLength": 65536, "maxLength": 65537})")));
  const auto quoted = [](size_t size) { return "\"" + std::string(size, 'x') + "\""; };
  EXPECT_TRUE(accepts(large, quoted(65536)));
  EXPECT_FALSE(accepts(large, quoted(65535)));
  EXPECT_FALSE(accepts(large, quoted(65538)));
}

} // namespace
} // namespace cria::grammar
