// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The options beside --json-schema: --schema-formats, --schema-openapi and --schema-open.
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
  EXPECT_THAT(errorOf(schema, {}), HasSubstr("matches no"));
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
  for (const std::vector<std::string> &option :
       {std::vector<std::string>{"--schema-formats", "exact"}, {"--schema-openapi"}, {"--schema-open"}}) {
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
