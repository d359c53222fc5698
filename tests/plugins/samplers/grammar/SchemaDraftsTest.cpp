// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keywords that a draft does not have, identifiers that are none, and alternatives of which the grammar
// leaves out values: nothing of that allows a value that does not conform.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gtest/gtest.h>

namespace cria::grammar {
namespace {

const std::string kDraft4 = R"("$schema": "http://json-schema.org/draft-04/schema#", )";
const std::string kDraft7 = R"("$schema": "http://json-schema.org/draft-07/schema#", )";
const std::string kDraft2019 = R"("$schema": "https://json-schema.org/draft/2019-09/schema", )";

struct DraftCase {
  std::string schema;
  std::vector<const char *> accepted, rejected;
};

void expectVerdicts(const std::vector<DraftCase> &cases) {
  for (const DraftCase &each : cases) {
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(each.schema, {.hasOpenObjects = true})));
    for (const char *text : each.accepted) {
      EXPECT_TRUE(accepts(matcher, text)) << each.schema << "  " << text;
    }
    for (const char *text : each.rejected) {
      EXPECT_FALSE(accepts(matcher, text)) << each.schema << "  " << text;
    }
  }
}

void expectRefused(const std::string &schema, const std::string &fragment) {
  try {
    grammarOfJsonSchema(schema, {.hasOpenObjects = true});
    ADD_FAILURE() << schema;
  } catch (const plugin::Refusal &refusal) {
    EXPECT_NE(std::string(refusal.what()).find(fragment), std::string::npos) << refusal.what();
  }
}

TEST(SchemaDraftsTest, UnknownKeywordsHoldNoIdentifiers) {
  expectVerdicts({
      {"{" + kDraft7 + R"("$ref": "https://x.y/my", "definitions": {"a": {"x-foo": {"$id": "https://x.y/my",
        "type": "null"}}, "b": {"$id": "https://x.y/my", "type": "string"}}})",
       {"\"a\""},
       {"null"}},
      {R"({"anyOf": [{"$ref": "#foo"}], "x-a": {"$anchor": "foo", "type": "null"},
        "$defs": {"b": {"$anchor": "foo", "type": "string"}}})",
       {"\"a\""},
       {"null"}},
      {R"({"$ref": "#/x-a/b", "x-a": {"b": {"type": "null"}}})", {"null"}, {"1"}},
  });
  expectRefused(R"({"$ref": "#foo", "x-a": {"$anchor": "foo"}})", "'#foo' has no target");
  expectRefused(
      R"({"$ref": "#/x-a", "x-a": {"$id": "https://x.y/", "$ref": "#/$defs/a"}, "$defs": {"a": {}}})",
      "expected a reference into this schema");
}

TEST(SchemaDraftsTest, RefusesReferencesToIdentifiersThatTwoSchemasHave) {
  expectRefused(R"({"$ref": "#a", "$defs": {"x": {"$anchor": "a"}, "y": {"$anchor": "a"}}})",
                "identifier '#a' belongs to the schemas '#/$defs/x' and '#/$defs/y'");
  expectRefused(R"({"$ref": "s#/$defs/z", "$defs": {"x": {"$id": "s"}, "y": {"$id": "s"}}})",
                "identifier 's' belongs to");
  expectVerdicts({{R"({"type": "null", "$defs": {"x": {"$id": "s"}, "y": {"$id": "s"}}})", {"null"}, {"1"}}});
}

TEST(SchemaDraftsTest, NegatesKeywordsOfTheDraftAlone) {
  const std::string dependencies = R"("not": {"dependencies": {"a": ["b"]}}})";
  expectRefused("{" + dependencies, "no value");
  expectRefused("{" + kDraft2019 + dependencies, "no value");
  expectVerdicts({
      {"{" + kDraft7 + dependencies, {R"({"a": 1})"}, {R"({"a": 1, "b": 1})", "{}", "1"}},
      {R"({"dependencies": {"a": ["b"]}})", {"{}", R"({"a": 1, "b": 1})"}, {R"({"a": 1})"}},
  });
  for (const char *keyword : {"dependentRequired", "dependentSchemas"}) {
    const std::string value = keyword[9] == 'R' ? R"(["b"])" : R"({"required": ["b"]})";
    const std::string schema = R"("not": {")" + std::string(keyword) + R"(": {"a": )" + value + "}}}";
    expectRefused("{" + kDraft7 + schema, "no value");
    expectVerdicts({{"{" + schema, {R"({"a": 1})"}, {"{}", "1", R"({"a": 1, "b": 1})"}}});
  }
  expectRefused("{" + kDraft4 + R"("not": {"const": 1}})", "no value");
  expectRefused(R"({"not": {"$recursiveRef": "#"}})", "no value");
}

TEST(SchemaDraftsTest, ValuesThatAnAlternativeLeavesOutCount) {
  // Both schemas of oneOf conform to {"b": 1}, and to {"a": 1} where `dependencies` is no keyword.
  expectVerdicts({
      {R"({"oneOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]},
        {"not": {"properties": {"a": {"type": "integer"}}, "additionalProperties": false}}]})",
       {},
       {R"({"b": 1})", R"({"a": 1, "b": 1})"}},
      {R"({"oneOf": [{"dependencies": {"a": ["b"]}, "required": ["a"], "maxProperties": 1},
        {"type": "object", "required": ["a"]}]})",
       {R"({"a": 1, "c": 1})"},
       {R"({"a": 1})"}},
      {R"({"enum": [[{"a": 1}, {"a": 1}], []], "maxContains": 1, "minContains": 0,
        "contains": {"dependencies": {"a": ["b"]}}})",
       {"[]"},
       {R"([{"a": 1}, {"a": 1}])"}},
  });
}

TEST(SchemaDraftsTest, IntegersOfDraft4HaveNoFraction) {
  const std::string schema = R"("items": {"type": "integer"}, "enum": [1.0, 1e3, 2, [1.0], [2]]})";
  expectVerdicts({
      {"{" + kDraft4 + R"("type": "integer", "enum": [1.0, 1e3, 2]})", {"2"}, {"1.0", "1", "1e3", "1000"}},
      {"{" + kDraft4 + schema, {"1.0", "2", "[2]"}, {"[1.0]", "[1]"}},
      {"{" + kDraft7 + R"("type": "integer", "enum": [1.0, 2]})", {"1.0", "2"}, {}},
      {"{" + schema, {"[1.0]", "[2]"}, {}},
  });
}

TEST(SchemaDraftsTest, RefusesRequiredThatIsTrue) {
  const std::string property = R"("properties": {"a": {"type": "string", "required": true}}})";
  for (const std::string &draft : {std::string(), kDraft4, kDraft7}) {
    expectRefused("{" + draft + property,
                  "at '/properties/a/required': expected an array of names, got true");
    expectRefused("{" + draft + R"("not": {"required": true}})", "list the property in 'required'");
  }
  expectVerdicts({{R"({"required": false, "type": "null"})", {"null"}, {"1"}}});
}

} // namespace
} // namespace cria::grammar
