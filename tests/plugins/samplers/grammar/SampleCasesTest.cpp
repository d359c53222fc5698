// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts that the grammars of random schemas generate, and changed ones, with the verdicts of the package
// `jsonschema` (make_sample_cases.py).
#include "plugins/samplers/grammar/JsonSchema.h"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::grammar {
namespace {

TEST(SampleCasesTest, AcceptsTheTextsThatConformAndNoOther) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/plugins/samplers/grammar/sample_cases.jsonl");
  int numRead = 0, numConforming = 0, numOthers = 0;
  for (std::string line; std::getline(file, line); ++numRead) {
    const nlohmann::ordered_json each = nlohmann::ordered_json::parse(line);
    const std::string schema = each["schema"].dump();
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema, {.hasOpenObjects = each["open"]})));
    for (const auto &[text, conforms] : each["texts"].items()) {
      EXPECT_EQ(accepts(matcher, text), conforms.get<bool>()) << schema << "  " << text;
      ++(conforms.get<bool>() ? numConforming : numOthers);
    }
  }
  EXPECT_EQ(numRead, 240);
  EXPECT_GT(numConforming, 600);
  EXPECT_GT(numOthers, 600);
}

} // namespace
} // namespace cria::grammar
