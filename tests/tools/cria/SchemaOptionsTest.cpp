// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The options of --json-schema: --schema-formats, --schema-openapi, --schema-open and --schema-document.
#include "StoriesPackage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class SchemaOptionsTest : public testing::Test {
protected:
  ProcessResult run(const std::string &schema, std::vector<std::string> more) {
    writeFile(folder_.path("s.json"), schema);
    more.insert(more.begin(), {"run", storiesPackage(), "-p", "A", "--seed", "4", "--temperature", "1",
                               "--quiet", "--json-schema", folder_.path("s.json")});
    return runCria(more);
  }

  std::string outputOf(const std::string &schema, const std::vector<std::string> &more) {
    const ProcessResult result = run(schema, more);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    return result.output;
  }

  std::string errorOf(const std::string &schema, const std::vector<std::string> &more) {
    const ProcessResult result = run(schema, more);
    EXPECT_EQ(result.exitCode, 2) << result.output;
    return result.errors;
  }

  TemporaryFolder folder_;
};

TEST_F(SchemaOptionsTest, FormatsAreAnnotationsOrExact) {
  EXPECT_THAT(outputOf(R"({"type": "string", "format": "ipv4"})", {"--schema-formats", "exact", "-n", "40"}),
              MatchesRegex("A\"[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+\"\n"));
  const std::string unsupported = R"({"type": "string", "format": "iri"})";
  EXPECT_THAT(errorOf(unsupported, {"--schema-formats", "exact"}),
              HasSubstr("format 'iri' cannot be enforced"));
  EXPECT_NE(outputOf(unsupported, {"--schema-formats", "annotate", "-n", "3"}), "");
  EXPECT_EQ(outputOf(unsupported, {"--schema-formats", "annotate", "-n", "3"}),
            outputOf(unsupported, {"-n", "3"}));
  EXPECT_THAT(errorOf(unsupported, {"--schema-formats", "strict"}),
              HasSubstr("--schema-formats: expected annotate or exact, got 'strict'"));
}

TEST_F(SchemaOptionsTest, NullableIsThatOfOpenApi) {
  const std::string schema = R"({"type": "integer", "nullable": true, "enum": [null]})";
  EXPECT_EQ(outputOf(schema, {"--schema-openapi"}), "Anull\n");
  EXPECT_THAT(errorOf(schema, {}), HasSubstr("no value conforms to the schema"));
}

TEST_F(SchemaOptionsTest, OpenObjectsHaveUndeclaredProperties) {
  const std::string schema =
      R"({"type": "object", "properties": {"a": {"type": "integer"}}, "minProperties": 2})";
  EXPECT_NE(outputOf(schema, {"--schema-open", "-n", "5"}), "");
  EXPECT_THAT(errorOf(schema, {}), HasSubstr("no value conforms"));
}

TEST_F(SchemaOptionsTest, DocumentsHaveTheTargetsOfReferences) {
  const std::string other = folder_.path("other.json"), spare = folder_.path("spare.json");
  writeFile(other, R"({"$defs": {"a": {"$ref": "https://example.org/b?v=1"}}})");
  writeFile(spare, R"({"$id": "https://example.org/c", "const": null})");
  const std::string schema = R"({"$ref": "other.json#/$defs/a"})";
  EXPECT_EQ(outputOf(schema,
                     {"--schema-document", other, "--schema-document", "https://example.org/b?v=1=" + spare}),
            "Anull\n");
  EXPECT_EQ(outputOf(R"({"$ref": "https://example.org/c"})", {"--schema-document", spare}), "Anull\n");
  EXPECT_THAT(errorOf(schema, {}), HasSubstr("give the document with --schema-document other.json=FILE"));
  EXPECT_THAT(errorOf(schema, {"--schema-document", other}),
              HasSubstr("JSON Schema 'other.json', at '/$defs/a/$ref': expected a reference into this"));
}

TEST_F(SchemaOptionsTest, DocumentsThatCannotBeReadAreRefused) {
  const std::string schema = R"({"$ref": "other.json"})", other = folder_.path("other.json");
  const auto errorWith = [&](const std::string &text) {
    writeFile(other, text);
    return errorOf(schema, {"--schema-document", other});
  };
  EXPECT_THAT(errorOf(schema, {"--schema-document", folder_.path("none.json")}), HasSubstr("none.json"));
  EXPECT_THAT(errorWith("{"), HasSubstr("JSON Schema 'other.json': parse error at line 1, column 2"));
  EXPECT_THAT(errorWith("\xFF"), HasSubstr("JSON Schema 'other.json': expected UTF-8"));
  EXPECT_THAT(errorWith(R"({"a": 1, "a": 2})"),
              HasSubstr("JSON Schema 'other.json': name 'a' is given twice"));
  EXPECT_THAT(errorWith(R"({"$schema": "http://json-schema.org/draft-07/schema#"})"),
              HasSubstr("of draft 2020-12, as the schema is, got 'other.json' of draft 7"));
  EXPECT_THAT(errorWith(R"({"items": {"type": "text"}})"),
              HasSubstr("JSON Schema 'other.json', at '/items/type': expected object"));
  EXPECT_THAT(
      errorOf(schema, {"--schema-document", other, "--schema-document", "other.json=" + other}),
      HasSubstr("--schema-document: expected one document for a URI, got a second one for 'other.json'"));
  EXPECT_THAT(errorOf(schema, {"--schema-document", "a#b=" + other}), HasSubstr("expected a URI without a"));
}

TEST_F(SchemaOptionsTest, ApplyToChatsAndToManyRequests) {
  const std::string schema = R"({"type": "integer", "nullable": true, "enum": [null]})";
  writeFile(folder_.path("s.json"), schema);
  writeFile(folder_.path("p.jsonl"), "{\"prompt\": \"A\"}\n{\"prompt\": \"B\"}\n");
  const std::vector<std::string> options = {"--json-schema", folder_.path("s.json"), "--schema-openapi",
                                            "--quiet"};
  const auto outputWith = [&](std::vector<std::string> arguments, const std::string &input) {
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProcessResult result = runCria(arguments, input);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    return result.output;
  };
  EXPECT_THAT(outputWith({"run", storiesPackage(), "--prompts", folder_.path("p.jsonl")}, ""),
              testing::ContainsRegex("\"text\":\"null\".*\n.*\"text\":\"null\""));
  EXPECT_THAT(outputWith({"chat", storiesPackage()}, "hi\n"), HasSubstr("null"));
}

TEST_F(SchemaOptionsTest, RequireASchema) {
  for (const std::vector<std::string> &option : {std::vector<std::string>{"--schema-formats", "exact"},
                                                 {"--schema-openapi"},
                                                 {"--schema-open"},
                                                 {"--schema-document", "other.json"}}) {
    for (const char *command : {"run", "chat"}) {
      std::vector<std::string> arguments = {command, storiesPackage()};
      if (command == std::string("run")) {
        arguments.emplace_back("-p");
        arguments.emplace_back("x");
      }
      arguments.insert(arguments.end(), option.begin(), option.end());
      const ProcessResult result = runCria(arguments);
      EXPECT_EQ(result.exitCode, 2);
      EXPECT_THAT(result.errors, HasSubstr(option[0] + " requires --json-schema"));
    }
  }
}

} // namespace
} // namespace cria::test
