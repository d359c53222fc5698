// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random schemas and documents, with the verdicts of the package `jsonschema` (make_schema_cases.py). The
// documents have their properties in the order of the schema, so that the grammar accepts what conforms.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::grammar {
namespace {

TEST(JsonSchemaCasesTest, AcceptsWhatConformsAndNothingElse) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/plugins/samplers/grammar/schema_cases.jsonl");
  int numRead = 0, numConforming = 0;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::ordered_json each = nlohmann::ordered_json::parse(line);
    const std::string schema = each["schema"].dump();
    ++numRead;
    try {
      Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema, {.hasOpenObjects = true})));
      for (const auto &[text, conforms] : each["documents"].items()) {
        EXPECT_EQ(accepts(matcher, text), conforms.get<bool>()) << schema << "  " << text;
        numConforming += conforms.get<bool>() ? 1 : 0;
      }
    } catch (const plugin::Refusal &refusal) {
      const std::string why = refusal.what();
      if (why.find("no value") != why.npos) {
        for (const auto &[text, conforms] : each["documents"].items()) {
          EXPECT_FALSE(conforms.get<bool>()) << schema << "  " << text;
        }
      } else {
        ADD_FAILURE() << schema << "  " << why;
      }
    }
  }
  EXPECT_EQ(numRead, 600);
  EXPECT_GT(numConforming, 1000);
}

} // namespace
} // namespace cria::grammar
