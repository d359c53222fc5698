// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// References into other documents, and dynamic references.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <memory>
#include <random>

namespace cria::grammar {
namespace {

using testing::HasSubstr;

struct ReferenceCase {
  std::string schema, documents;
  std::vector<const char *> accepted, rejected;
};

void expectVerdicts(const std::vector<ReferenceCase> &cases) {
  for (const ReferenceCase &each : cases) {
    Matcher matcher(parseGeneratedGbnf(
        grammarOfJsonSchema(each.schema, {.hasOpenObjects = true, .documents = each.documents})));
    for (const char *text : each.accepted) {
      EXPECT_TRUE(accepts(matcher, text)) << each.schema << "  " << text;
    }
    for (const char *text : each.rejected) {
      EXPECT_FALSE(accepts(matcher, text)) << each.schema << "  " << text;
    }
  }
}

std::string refusalOf(const std::string &schema, const std::string &documents) {
  try {
    grammarOfJsonSchema(schema, {.documents = documents});
    return "";
  } catch (const plugin::Refusal &refusal) {
    return refusal.what();
  }
}

/// Compiles a schema while blocks of random sizes are allocated, so that its values have other addresses.
std::string grammarElsewhere(const std::string &schema, std::mt19937 &random) {
  std::vector<std::unique_ptr<char[]>> blocks;
  for (int i = 0; i < 2000; ++i) {
    blocks.push_back(std::make_unique<char[]>(16 + random() % 300));
  }
  std::ranges::shuffle(blocks, random);
  blocks.resize(1000);
  return grammarOfJsonSchema(schema, {});
}

// The property has several schemas.
TEST(SchemaReferencesTest, TheGrammarDoesNotDependOnAddresses) {
  std::string schemas, references;
  for (int i = 0; i < 12; ++i) {
    const std::string name(1, static_cast<char>('a' + i * 7 % 12)), comma = i > 0 ? ", " : "";
    schemas += comma + "\"" + name + R"(": {"properties": {")" + name + R"(": {}}})";
    references +=
        comma + R"({"properties": {"p": {"$ref": "#/$defs/)" + static_cast<char>('a' + i) + R"("}}})";
  }
  const std::string schema = R"({"$defs": {)" + schemas + R"(}, "allOf": [)" + references + "]}";
  std::mt19937 random(1);
  const std::string grammar = grammarElsewhere(schema, random);
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(grammarElsewhere(schema, random), grammar);
  }
}

TEST(SchemaReferencesTest, LeadIntoOtherDocuments) {
  expectVerdicts({
      // By the URI that is given, relative to the schema's; by `$id`, also of an inner schema; by an anchor.
      {R"({"$ref": "other.json#/$defs/a"})",
       R"({"other.json": {"$defs": {"a": {"type": "null"}}}})",
       {"null"},
       {"1"}},
      {R"({"$ref": "other.json"})", R"({"./x/../other.json": "{\"type\": \"null\"}"})", {"null"}, {"1"}},
      {R"({"$id": "https://x.y/s/root.json", "$ref": "../t.json"})",
       R"({"/t.json": {"const": 1}})",
       {"1"},
       {"2"}},
      {R"({"$ref": "https://x.y/a"})", R"({"f.json": {"$id": "https://x.y/a", "const": 1}})", {"1"}, {"2"}},
      {R"({"$ref": "https://x.y/b"})",
       R"({"https://x.y/f.json": {"$defs": {"b": {"$id": "b", "const": 1}}}})",
       {"1"},
       {"2"}},
      {R"({"$ref": "f.json#there"})",
       R"({"f.json": {"$defs": {"b": {"$anchor": "there", "const": 1}}}})",
       {"1"},
       {"2"}},
      // References in a document are relative to it, and may lead back.
      {R"({"$ref": "d/f.json", "$defs": {"n": {"type": "null"}}})",
       R"({"d/f.json": {"anyOf": [{"$ref": "g.json"}, {"items": {"$ref": "#"}, "type": "array"}]},
           "d/g.json": {"$id": "https://x.y/g.json", "$ref": "h"}, "https://x.y/h": {"const": 1}})",
       {"1", "[]", "[1, [1]]"},
       {"null", "[null]"}},
      {R"({"$id": "https://x.y/r", "items": {"$ref": "f"}, "type": "array"})",
       R"({"https://x.y/f": {"$ref": "r"}})",
       {"[]", "[[], [[]]]"},
       {"[1]"}},
      // A document without `$schema` has the draft of the schema.
      {R"({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "f"})",
       R"({"f": {"$ref": "#/definitions/a", "maximum": 3, "definitions": {"a": {"type": "integer"}}},
           "g": {"$schema": "https://json-schema.org/draft/2020-12/schema"}, "h": 3})",
       {"4"},
       {"null"}},
  });
}

TEST(SchemaReferencesTest, MessagesNameTheDocument) {
  const std::string schema = R"({"$ref": "f.json"})";
  EXPECT_THAT(refusalOf(schema, R"({"f.json": {"items": {"type": "text"}}})"),
              HasSubstr("JSON Schema 'f.json', at '/items/type': expected object"));
  EXPECT_THAT(refusalOf(schema, R"({"f.json": {"properties": {"a/b": {"pattern": "\\b"}}}})"),
              HasSubstr("JSON Schema 'f.json', at '/properties/a~1b/pattern', character"));
  EXPECT_THAT(refusalOf(schema, R"({"f.json": {"$ref": "https://x.y/g"}})"),
              HasSubstr("JSON Schema 'f.json', at '/$ref': expected a reference into this schema"));
  EXPECT_THAT(refusalOf(schema, ""), HasSubstr("--schema-document f.json=FILE (schema_documents"));
  EXPECT_THAT(refusalOf(schema, R"({"f.json": 3})"), HasSubstr("'f.json', at '/': expected a schema"));
  EXPECT_THAT(refusalOf(R"({"$ref": "https://x.y/a"})",
                        R"({"f": {"$id": "https://x.y/a"}, "g": {"items": {"$id": "https://x.y/a"}}})"),
              HasSubstr("belongs to the schemas 'f#' and 'g#/items'"));
}

TEST(SchemaReferencesTest, RefusesDocumentsThatAreNone) {
  EXPECT_THAT(refusalOf("{}", "["), HasSubstr("option 'schema_documents': parse error at line 1"));
  EXPECT_THAT(refusalOf("{}", "[{}]"), HasSubstr("expected a JSON object of schemas by URI, got [{}]"));
  EXPECT_THAT(refusalOf("{}", R"({"f": "{"})"),
              HasSubstr("JSON Schema 'f': parse error at line 1, column 2"));
  EXPECT_THAT(refusalOf("{}", R"({"f": {}, "./f": {}})"),
              HasSubstr("two documents have the URI 'f': 'f' and './f'"));
  for (const char *uri : {"", "#", "f#a"}) {
    EXPECT_THAT(refusalOf("{}", "{\"" + std::string(uri) + "\": {}}"),
                HasSubstr("expected a URI without a fragment, such as 'other.json', got '"));
  }
}

TEST(SchemaReferencesTest, RefusesDocumentsOfAnotherDraft) {
  for (const auto &[uri, name] : {std::pair("http://json-schema.org/draft-07/schema#", "7"),
                                  {"http://json-schema.org/draft-03/schema#", "3"},
                                  {"https://json-schema.org/draft/2019-09/schema", "2019-09"}}) {
    EXPECT_THAT(
        refusalOf(R"({"$ref": "f#/items"})",
                  R"({"f": {"items": {}, "$schema": ")" + std::string(uri) + "\"}}"),
        HasSubstr("at '/$ref': expected a document of draft 2020-12, as the schema is, got 'f' of draft " +
                  std::string(name)));
  }
}

TEST(SchemaReferencesTest, LimitsHoldForAllDocumentsTogether) {
  const auto wide = [](char name) {
    std::string text = R"({"enum": [)";
    for (int i = 0; i < 40000; ++i) {
      text += "{\"" + std::string(1, name) + "\": 1}, ";
    }
    return text + "1]}";
  };
  EXPECT_EQ(refusalOf("{}", R"({"a": )" + wide('a') + ", \"b\": " + wide('b') + "}"), "");
  EXPECT_THAT(refusalOf(wide('c'), R"({"a": )" + wide('a') + ", \"b\": " + wide('b') + "}"),
              HasSubstr("expected at most 100000 members"));
  EXPECT_THAT(refusalOf("{}", R"({"a": )" + std::string(200, '[') + std::string(200, ']') + "}"),
              HasSubstr("expected at most 200 levels"));
}

// The outermost resource through which a schema was reached decides.
TEST(SchemaReferencesTest, DynamicOnesLeadToTheOutermostAnchor) {
  const std::string tree =
      R"("tree": {"$dynamicAnchor": "node", "type": "object", "required": ["c"], "properties":
         {"c": {"type": "array", "items": {"$dynamicRef": "#node"}}}})";
  const std::string list =
      R"("list": {"$id": "list", "type": "array", "items": {"$dynamicRef": "#item"},
          "$defs": {"any": {"$dynamicAnchor": "item"}}})";
  expectVerdicts({
      {R"({"$ref": "tree"})",
       "{" + tree + "}",
       {R"({"c": [{"c": []}]})", R"({"c": [], "d": 1})"},
       {R"({"c": [1]})"}},
      {R"({"$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false})",
       "{" + tree + "}",
       {R"({"c": [{"c": []}]})"},
       {R"({"c": [], "d": 1})", R"({"c": [{"c": [], "d": 1}]})"}},
      // The same resource in two scopes, and once left, a scope has no effect.
      {R"({"prefixItems": [{"$ref": "texts"}, {"$ref": "numbers"}, {"$ref": "list"}], "minItems": 3, "items": false,
           "type": "array", "$defs": {)" +
           list + R"(,
           "texts": {"$id": "texts", "$ref": "list", "$defs": {"t": {"$dynamicAnchor": "item", "type": "string"}}},
           "numbers": {"$id": "numbers", "$ref": "list", "$defs": {"n": {"$dynamicAnchor": "item", "type": "number"}}}}})",
       "",
       {R"([["a"], [1], [null]])"},
       {R"([[1], [1], [1]])", R"([["a"], ["a"], ["a"]])"}},
      // Neither `$ref` nor an anchor that is not dynamic depends on the scope.
      {R"({"$ref": "f", "$defs": {"t": {"$dynamicAnchor": "item", "type": "string"}}})",
       R"({"f": {"items": {"$ref": "#item"}, "type": "array", "$defs": {"n": {"$dynamicAnchor": "item", "type": "number"}}}})",
       {"[1]"},
       {R"(["a"])"}},
      {R"({"$ref": "f", "$defs": {"t": {"$dynamicAnchor": "item", "type": "string"}}})",
       R"({"f": {"items": {"$dynamicRef": "#item"}, "type": "array", "$defs": {"n": {"$anchor": "item", "type": "number"}}}})",
       {"[1]"},
       {R"(["a"])"}},
  });
}

TEST(SchemaReferencesTest, RecursiveOnesLeadToTheOutermostResource) {
  const std::string draft = R"("$schema": "https://json-schema.org/draft/2019-09/schema", )";
  const std::string tree = R"({"tree": {"$recursiveAnchor": true, "type": "object", "required": ["c"],
      "properties": {"c": {"type": "array", "items": {"$recursiveRef": "#"}}}}})";
  expectVerdicts({
      {"{" + draft + R"("$recursiveAnchor": true, "$ref": "tree", "maxProperties": 1})",
       tree,
       {R"({"c": [{"c": []}]})"},
       {R"({"c": [{"c": [], "d": 1}]})"}},
      {"{" + draft + R"("$ref": "tree", "maxProperties": 1})",
       tree,
       {R"({"c": [{"c": [], "d": 1}]})"},
       {R"({"c": [], "d": 1})"}},
  });
}

} // namespace
} // namespace cria::grammar
