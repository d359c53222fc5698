// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grammars with the verdicts of llama.cpp's reader and matcher (make_gbnf_cases.py), and where Cria differs
// by intention.
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace cria::grammar {
namespace {

/// Cria reads these as well: a bar on the next line, a byte order mark, underscores, an escaped '^'.
const std::set<std::string> kOnlyCriaReads = {
    "root ::= \"a\"\n  | \"b\"",   "root ::= \"a\"\n# note\n | \"b\"",
    "\xEF\xBB\xBFroot ::= \"a\"",  "root ::= a_b\na_b ::= \"x\"",
    "a_b ::= \"x\"\nroot ::= a_b", R"(root ::= "\^")",
    R"(root ::= [\^a])",           R"(root ::= ""*)",
};
/// Cria refuses these, of which llama.cpp takes the last definition, or which match no text: a rule that is
/// defined twice, a descending range, what is no character, a rule without a finite text.
const std::set<std::string> kOnlyLlamaCppReads = {
    "root ::= \"a\"\nroot ::= \"b\"",
    "root ::= [c-a]",
    R"(root ::= "\U00110000")",
    R"(root ::= "a" root)",
};

/// Cria repeats what may be empty, which is left recursion to llama.cpp.
bool mayCriaRead(const nlohmann::ordered_json &each) {
  return !each.contains("refusal") || each["refusal"] == "left recursion" ||
         kOnlyCriaReads.contains(each["grammar"].get<std::string>());
}

void compare(const nlohmann::ordered_json &each) {
  const std::string gbnf = each["grammar"];
  try {
    Matcher matcher(parseGbnf(gbnf, "root"));
    EXPECT_TRUE(mayCriaRead(each)) << "expected a refusal of\n" << gbnf;
    const auto texts = each.value("texts", nlohmann::ordered_json::object());
    for (const auto &[text, isAccepted] : texts.items()) {
      EXPECT_EQ(accepts(matcher, text), isAccepted.get<bool>()) << gbnf << "\n  text: " << text;
    }
    EXPECT_FALSE(kOnlyLlamaCppReads.contains(gbnf)) << gbnf;
  } catch (const plugin::Refusal &refusal) {
    EXPECT_TRUE(each.contains("refusal") || kOnlyLlamaCppReads.contains(gbnf)) << gbnf << "\n"
                                                                               << refusal.what();
    EXPECT_FALSE(kOnlyCriaReads.contains(gbnf)) << gbnf << "\n" << refusal.what();
  }
}

TEST(GbnfCasesTest, ReadsAndMatchesAsLlamaCppDoes) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/plugins/samplers/grammar/gbnf_cases.jsonl");
  int numRead = 0;
  for (std::string line; std::getline(file, line); ++numRead) {
    compare(nlohmann::ordered_json::parse(line));
  }
  EXPECT_EQ(numRead, 260);
}

} // namespace
} // namespace cria::grammar
