// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Items of arrays with uniqueItems that cannot be listed: which tokens the filter allows, so that no item
// repeats, and no text comes to a dead end. (Which texts conform: JsonSchemaCasesTest.)
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/TokenFilter.h"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace cria::grammar {
namespace {

/// Bytes, and short texts of what the arrays below contain.
class ItemTokens {
public:
  ItemTokens() {
    const std::vector<std::string> parts = {"a",  "b",     "c", "1", "2",   "0", "\"", ",",
                                            ", ", "\",\"", "[", "]", "\"]", "{", "}"};
    for (int byte = 0x20; byte < 0x7F; ++byte) {
      add(std::string(1, static_cast<char>(byte)));
    }
    for (const std::string &first : parts) {
      for (const std::string &second : parts) {
        for (const std::string &third : parts) {
          add(first + second);
          add(first + second + third);
        }
      }
    }
    for (const std::string &text : texts_) {
      pieces_.push_back({text.data(), text.size()});
    }
    kinds_.assign(texts_.size(), CRIA_TOKEN_NORMAL);
    view_.struct_size = sizeof view_;
    view_.size = static_cast<uint32_t>(pieces_.size());
    view_.pieces = pieces_.data();
    view_.kinds = kinds_.data();
  }
  const cria_vocabulary &view() const { return view_; }
  const std::string &text(size_t id) const { return texts_[id]; }

private:
  void add(const std::string &text) {
    if (known_.insert(text).second) {
      texts_.push_back(text);
    }
  }

  std::set<std::string> known_;
  std::vector<std::string> texts_;
  std::vector<uint8_t> kinds_;
  std::vector<cria_string> pieces_;
  cria_vocabulary view_{};
};

bool allDiffer(const nlohmann::json &items) {
  return std::set<nlohmann::json>(items.begin(), items.end()).size() == items.size();
}

/// Schemas with and without many values; some need every value that is left, or more than the shortest.
constexpr const char *kDistinct[] = {
    R"({"type": "array", "uniqueItems": true, "items": {"type": "string"}})",
    R"({"type": "array", "uniqueItems": true, "minItems": 12, "maxItems": 12, "items": {"type": "string", "pattern": "^[abc]{1,2}$"}})",
    R"({"type": "array", "uniqueItems": true, "minItems": 10, "items": {"enum": [1, 2, 10, 11, 12, 20, 21, "a", "ab", "abc", null]}})",
    R"({"type": "array", "uniqueItems": true, "minItems": 20, "items": {"type": "integer", "minimum": 0, "maximum": 25}})",
    R"({"type": "array", "uniqueItems": true, "minItems": 15, "items": {"type": "object", "required": ["a", "b"],
        "properties": {"a": {"enum": ["a", "b", "c", "ab"]}, "b": {"enum": [0, 1, 2, 10]}}}})",
    R"({"type": "array", "uniqueItems": true, "minItems": 5, "items": {"type": "array", "uniqueItems": true,
        "maxItems": 2, "items": {"type": "string", "pattern": "^[ab]{1,3}$"}}})",
};

TEST(DistinctItemsTest, GeneratesItemsThatDifferWithoutDeadEnds) {
  const ItemTokens tokens;
  for (const char *schema : kDistinct) {
    TokenFilter filter(parseGeneratedGbnf(grammarOfJsonSchema(schema)), tokens.view());
    for (uint32_t seed = 0; seed < 3; ++seed) {
      std::mt19937 random(seed);
      std::string text;
      Position position = filter.matcher().start();
      while (text.size() < 400 || !filter.matcher().isComplete(position)) {
        const std::vector<bool> allowed = filter.allowedAfter(position);
        std::vector<size_t> ids;
        for (size_t id = 0; id < allowed.size(); ++id) {
          const bool hasBlank = tokens.text(id).find(' ') != std::string::npos;
          if (allowed[id] && (!hasBlank || random() % 8 == 0) &&
              (text.size() < 400 || tokens.text(id).size() == 1)) {
            ids.push_back(id);
          }
        }
        if (filter.matcher().isComplete(position) && (ids.empty() || random() % 2 == 0)) {
          break;
        }
        ASSERT_TRUE(std::find(allowed.begin(), allowed.end(), true) != allowed.end())
            << schema << "  " << text;
        if (ids.empty()) {
          continue;
        }
        const auto closing = std::find_if(ids.begin(), ids.end(), [&](size_t id) {
          return tokens.text(id) == "]" || tokens.text(id) == "\"";
        });
        const size_t id = text.size() > 400 && closing != ids.end() ? *closing : ids[random() % ids.size()];
        text += tokens.text(id);
        position = filter.after(position, tokens.text(id));
        ASSERT_TRUE(filter.matcher().isAlive(position)) << schema << "  " << text;
      }
      EXPECT_TRUE(allDiffer(nlohmann::json::parse(text))) << schema << "  " << text;
    }
  }
}

// What was allowed after other texts in the same state, does not matter, nor in which order they came.
TEST(DistinctItemsTest, AllowsTheSameAfterOtherTexts) {
  const ItemTokens tokens;
  TokenFilter used(parseGeneratedGbnf(grammarOfJsonSchema(kDistinct[1])), tokens.view());
  for (const char *text :
       {R"(["a","b)", R"(["b","b)", R"(["c","b)", R"(["a","b)", R"(["ba","bb","bc","b","b)"}) {
    TokenFilter fresh(parseGeneratedGbnf(grammarOfJsonSchema(kDistinct[1])), tokens.view());
    EXPECT_EQ(used.allowedAfter(used.after(used.matcher().start(), text)),
              fresh.allowedAfter(fresh.after(fresh.matcher().start(), text)))
        << text;
  }
}

// Positions are copied: an answer that goes on in two ways has its items in each of them.
TEST(DistinctItemsTest, BranchesDoNotShareItems) {
  const ItemTokens tokens;
  TokenFilter filter(parseGeneratedGbnf(grammarOfJsonSchema(kDistinct[0])), tokens.view());
  const auto mayFollow = [&](Position from, const char *text) {
    return filter.after(std::move(from), text).state != kDead;
  };
  const Position fork = filter.after(filter.matcher().start(), R"(["a",)");
  const Position first = filter.after(fork, R"("b",)"), second = filter.after(fork, R"("c",)");
  EXPECT_FALSE(mayFollow(first, R"("b")"));
  EXPECT_TRUE(mayFollow(first, R"("c")"));
  EXPECT_TRUE(mayFollow(second, R"("b")"));
  EXPECT_FALSE(mayFollow(second, R"("c")"));
  EXPECT_FALSE(mayFollow(fork, R"("\u0061")"));
  EXPECT_TRUE(mayFollow(fork, R"("\u0061b")"));
}

} // namespace
} // namespace cria::grammar
