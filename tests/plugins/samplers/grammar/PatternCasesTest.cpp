// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Schemas with patterns, and the verdicts of JavaScript and of Python on texts (make_pattern_cases.py). What
// one of them refuses is not accepted.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::grammar {
namespace {

TEST(PatternCasesTest, AcceptsNoTextThatJavaScriptOrPythonRefuses) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/plugins/samplers/grammar/pattern_cases.jsonl");
  int numRead = 0, numConforming = 0, numAccepted = 0, numOthers = 0;
  for (std::string line; std::getline(file, line); ++numRead) {
    const nlohmann::ordered_json each = nlohmann::ordered_json::parse(line);
    const std::string schema = each["schema"].dump();
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema, {.hasOpenObjects = each["open"]})));
    for (const auto &[text, conforms] : each["texts"].items()) {
      const bool isAccepted = accepts(matcher, text);
      const bool isExpected = conforms.get<bool>() && (isAccepted || each["exact"].get<bool>());
      EXPECT_EQ(isAccepted, isExpected) << schema << "  " << text;
      ++(conforms.get<bool>() ? numConforming : numOthers);
      numAccepted += isAccepted ? 1 : 0;
    }
  }
  EXPECT_EQ(numRead, 300);
  EXPECT_GT(numOthers, 600);
  EXPECT_GT(numAccepted, numConforming * 9 / 10);
}

} // namespace
} // namespace cria::grammar
