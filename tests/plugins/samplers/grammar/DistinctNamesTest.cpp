// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects whose names the grammar does not fix: no name repeats, the names suffice, and no text comes to a
// dead end. Random schemas, and a check of their texts that shares nothing with the grammar.
#include "plugins/samplers/grammar/Completions.h"
#include "plugins/samplers/grammar/JsonSchema.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace cria::grammar {
namespace {

using nlohmann::json;

/// Digits under few names, of which one must be at least `least`, if given.
struct FewNames {
  std::vector<std::string> names;
  bool areDeclared = false; // the first of them is
  size_t minimum = 0, maximum = SIZE_MAX;
  std::string witness = ""; // a name
  int least = 0;

  static FewNames random(std::mt19937 &random) {
    const std::vector<std::string> kAll = {"a", "b", "bb", "\xC3\xB6", "1", "10"};
    FewNames few;
    std::sample(kAll.begin(), kAll.end(), std::back_inserter(few.names), 1 + random() % 4, random);
    few.areDeclared = random() % 2 == 0;
    few.minimum = random() % 4;
    few.maximum = random() % 2 == 0 ? few.minimum + random() % 3 : SIZE_MAX;
    if (random() % 2 == 0) {
      few.witness = kAll[random() % kAll.size()];
      few.least = static_cast<int>(random() % 11);
    }
    return few;
  }

  std::string schema() const {
    const json digit = {{"type", "integer"}, {"minimum", 0}, {"maximum", 9}};
    json schema = {{"type", "object"}, {"additionalProperties", digit}, {"propertyNames", {{"enum", names}}}};
    schema["minProperties"] = minimum;
    if (areDeclared) {
      schema["properties"][names[0]] = digit;
    }
    if (maximum != SIZE_MAX) {
      schema["maxProperties"] = maximum;
    }
    if (!witness.empty()) {
      schema["not"]["patternProperties"]["^" + witness + "$"]["maximum"] = least - 1;
    }
    return schema.dump();
  }

  bool hasValue() const {
    const bool mayBe = witness.empty() || (least <= 9 && maximum > 0 &&
                                           std::find(names.begin(), names.end(), witness) != names.end());
    return mayBe && minimum <= names.size();
  }

  bool allows(const std::string &text) const {
    std::vector<std::string> found;
    const json value = json::parse(text, [&](int, json::parse_event_t event, json &part) {
      if (event == json::parse_event_t::key) {
        found.push_back(part);
      }
      return true;
    });
    const std::set<std::string> distinct(found.begin(), found.end());
    return distinct.size() == found.size() && found.size() >= minimum && found.size() <= maximum &&
           std::all_of(found.begin(), found.end(),
                       [&](const std::string &name) {
                         return std::find(names.begin(), names.end(), name) != names.end();
                       }) &&
           (witness.empty() || value.value(witness, -1) >= least);
  }
};

/// Returns a random text, or what there is of it where it cannot go on.
std::string randomText(Matcher &matcher, std::mt19937 &random) {
  Completions completions(matcher);
  std::string text;
  for (Position position = matcher.start(); text.size() < 4000;) {
    std::vector<std::pair<char, Position>> next;
    for (int byte = 0x21; byte < 0x100; ++byte) {
      Position after = matcher.next(position, static_cast<uint8_t>(byte));
      if (completions.allows(after)) {
        next.emplace_back(static_cast<char>(byte), std::move(after));
      }
    }
    if (next.empty() || (matcher.isComplete(position) && random() % 2 == 0)) {
      break;
    }
    const size_t index = random() % next.size();
    text += next[index].first;
    position = next[index].second;
  }
  return text;
}

TEST(DistinctNamesTest, GeneratesObjectsOfFewNamesWithoutDeadEnds) {
  int numRefused = 0, numTexts = 0;
  for (uint32_t seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    const FewNames few = FewNames::random(random);
    if (!few.hasValue()) {
      EXPECT_THROW(parseGeneratedGbnf(grammarOfJsonSchema(few.schema())), plugin::Refusal) << few.schema();
      ++numRefused;
      continue;
    }
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(few.schema())));
    for (int i = 0; i < 8; ++i, ++numTexts) {
      const std::string text = randomText(matcher, random);
      ASSERT_TRUE(json::accept(text)) << few.schema() << "  " << text;
      EXPECT_TRUE(few.allows(text)) << few.schema() << "  " << text;
    }
  }
  EXPECT_GT(numRefused, 20);
  EXPECT_GT(numTexts, 400);
}

TEST(DistinctNamesTest, NamesOfAnyObjectDiffer) {
  for (const char *schema : {"{}", R"({"type": "object"})", R"({"patternProperties": {"^a": true}})"}) {
    Matcher matcher(parseGeneratedGbnf(grammarOfJsonSchema(schema)));
    const auto isDead = [&](const char *text) {
      Position position = matcher.start();
      for (const char byte : std::string_view(text)) {
        position = matcher.next(position, static_cast<uint8_t>(byte));
      }
      return position.state == kDead;
    };
    EXPECT_FALSE(isDead(R"({"a":1,"ab":2,"ac":{"a":1}})")) << schema;
    EXPECT_TRUE(isDead(R"({"a":1,"a")")) << schema;
    EXPECT_TRUE(isDead(R"({"ab":1,"a":2,"ab")")) << schema;
  }
}

// The message is about the schema, not about a grammar that the user has not written.
TEST(DistinctNamesTest, SaysThatNoValueConforms) {
  for (const char *schema :
       {R"({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": true, "minItems": 3})",
        R"({"type": "object", "properties": {"a": {}}, "minProperties": 2})"}) {
    try {
      parseGeneratedGbnf(grammarOfJsonSchema(schema));
      ADD_FAILURE() << schema;
    } catch (const NoValue &refusal) {
      EXPECT_EQ(std::string_view(refusal.what()).find("line"), std::string_view::npos) << refusal.what();
    }
  }
}

} // namespace
} // namespace cria::grammar
