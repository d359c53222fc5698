// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tokens a filter allows, compared with matching each of them alone, and how much work that takes.
#include "plugins/samplers/grammar/TokenFilter.h"
#include "plugins/samplers/grammar/JsonSchema.h"
#include "tests/plugins/samplers/grammar/Grammars.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace cria::grammar {
namespace {

/// Bytes, and random words with and without quotes, escapes, blanks and characters beyond ASCII.
class Words {
public:
  explicit Words(size_t size) {
    for (int byte = 0; byte < 256; ++byte) {
      add(std::string(1, static_cast<char>(byte)), CRIA_TOKEN_BYTE);
    }
    std::mt19937 random(5);
    const std::vector<std::string> parts = {"a", "b", "c",  "e", "i", "n",        "o",
                                            "s", "t", "th", "1", "0", "\xC3\xA4", "\xE2\x82\xAC"};
    const std::vector<std::string> marks = {"\"", "\\",   "\n",   ":",    ", ",   "}",
                                            "]",  "\": ", "\xC3", "\x7F", "\\u00"};
    while (texts_.size() < size) {
      std::string text = random() % 2 == 0 ? " " : "";
      for (size_t left = 1 + random() % 7; left > 0; --left) {
        text += random() % 60 == 0 ? marks[random() % marks.size()] : parts[random() % parts.size()];
      }
      add(text, CRIA_TOKEN_NORMAL);
    }
    for (const std::string &text : texts_) {
      pieces_.push_back({text.data(), text.size()});
    }
    view_.struct_size = sizeof view_;
    view_.size = static_cast<uint32_t>(pieces_.size());
    view_.pieces = pieces_.data();
    view_.kinds = kinds_.data();
  }

  const cria_vocabulary &view() const { return view_; }
  const std::string &text(size_t id) const { return texts_[id]; }
  size_t size() const { return texts_.size(); }

private:
  void add(const std::string &text, uint8_t kind) {
    if (known_.insert(text).second) {
      texts_.push_back(text);
      kinds_.push_back(kind);
    }
  }

  std::set<std::string> known_;
  std::vector<std::string> texts_;
  std::vector<uint8_t> kinds_;
  std::vector<cria_string> pieces_;
  cria_vocabulary view_{};
};

/// Strings that are free, of counted length, of a pattern; other characters than JSON's.
const std::string kGrammars[] = {
    grammarOfJsonSchema(R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}})"),
    grammarOfJsonSchema(R"({"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 90}})"),
    grammarOfJsonSchema(R"({"type": "string", "maxLength": 5})"),
    grammarOfJsonSchema(R"({"type": "string", "pattern": "^[a-t]+ ?[^\"]*$"})"),
    grammarOfJsonSchema(R"({"type": "object", "additionalProperties": {"enum": ["bat", "nest"]}})"),
    "root ::= [^\"\\\\]* \"\\\"\"",
    "root ::= [ -!#-[^-~]* | [\\x5D\\U00000080-\\U0010FFFF]{3,9}",
    "root ::= (\"a\" | [^x])* [b-\\U0010FFFF]{3}",
};

TEST(TokenFilterTest, AllowsWhatMatchingEachTokenAloneAllows) {
  const Words words(3000);
  for (const std::string &gbnf : kGrammars) {
    TokenFilter filter(parseGeneratedGbnf(gbnf), words.view());
    std::mt19937 random(9);
    Position position = filter.matcher().start();
    for (int step = 0; step < 40; ++step) {
      const std::vector<bool> allowed = filter.allowedAfter(position);
      std::vector<int32_t> ids;
      for (size_t id = 0; id < words.size(); ++id) {
        const bool isAlive = filter.after(position, words.text(id)).state != kDead;
        ASSERT_EQ(allowed[id], isAlive) << gbnf << "  '" << words.text(id) << "' in step " << step;
        if (isAlive) {
          ids.push_back(static_cast<int32_t>(id));
        }
      }
      position = ids.empty() ? filter.matcher().start()
                             : filter.after(position, filter.pieceOf(ids[random() % ids.size()]));
    }
  }
}

TEST(TokenFilterTest, DoesNotVisitPlainTokensInsideAString) {
  const Words words(32000);
  for (const char *schema : {R"({"type": "string"})", R"({"type": "string", "maxLength": 500})",
                             R"({"type": "array", "items": {"minLength": 70, "type": "string"}})"}) {
    TokenFilter filter(parseGeneratedGbnf(grammarOfJsonSchema(schema)), words.view());
    const Position inside = filter.after(filter.matcher().start(), schema[10] == 's' ? "\"a" : "[\"a");
    filter.allowedAfter(inside);
    EXPECT_LT(filter.numMatched(), 32000) << schema; // of some 200000 bytes
  }
}

} // namespace
} // namespace cria::grammar
