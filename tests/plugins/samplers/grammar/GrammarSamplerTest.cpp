// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampler in a chain: random choices give texts of the grammar.
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/SamplerChain.h"
#include "tests/plugins/samplers/grammar/Grammars.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <random>

namespace cria {
namespace {

using conformance::kTestEos;
using conformance::testTokenizer;
using testing::HasSubstr;

class GrammarSamplerTest : public testing::Test {
protected:
  const std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  const cria_vocabulary &vocabulary_ = conformance::testVocabulary().view();
  std::vector<float> even_ = std::vector<float>(vocabulary_.size, 0.0f);

  static std::string expressionOf(std::string_view gbnf, const std::string &more = "") {
    return "grammar(" + quoteText(gbnf) + more + ")";
  }
  SamplerChain create(const std::string &expression) {
    auto chain = SamplerChain::create(*registry_, expression, vocabulary_);
    EXPECT_TRUE(chain.ok()) << chain.status().message();
    return std::move(chain).value();
  }
  std::string refusalOf(const std::string &expression) {
    const auto chain = SamplerChain::create(*registry_, expression, vocabulary_);
    return chain.ok() ? "" : std::string(chain.status().message());
  }
  /// Logits that end a string, object or text sooner than later.
  std::vector<float> closing() {
    std::vector<float> logits = even_;
    for (const char *piece : {"<0x22>", "<0x7D>", "<0x5D>", "</s>"}) {
      logits[static_cast<size_t>(*testTokenizer().find(piece))] = 8;
    }
    return logits;
  }
  std::string generate(SamplerChain &chain, const std::vector<float> &logits, uint64_t seed) {
    std::string text;
    for (uint64_t position = 0; position < 2000; ++position) {
      const auto id = chain.sample(logits, {.seed = seed, .position = position});
      EXPECT_TRUE(id.ok()) << id.status().message() << " after " << text;
      if (!id.ok() || *id == kTestEos) {
        return text;
      }
      EXPECT_TRUE(chain.accept(*id, TokenOrigin::generated).ok());
      text += testTokenizer().surface(*id);
    }
    ADD_FAILURE() << "no end: " << text;
    return text;
  }
};

TEST_F(GrammarSamplerTest, RandomChoicesAreJson) {
  SamplerChain chain = create(expressionOf(grammar::kJson));
  const std::vector<float> logits = closing();
  size_t longest = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    chain.reset();
    const std::string text = generate(chain, logits, seed);
    EXPECT_TRUE(nlohmann::json::accept(text)) << text;
    longest = std::max(longest, text.size());
  }
  EXPECT_GT(longest, 20u);
}

TEST_F(GrammarSamplerTest, RandomChoicesFitASchema) {
  constexpr const char *kSchema =
      R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
    "age": {"type": "integer", "minimum": 1, "maximum": 120}, "tags": {"type": "array", "items": {"enum": ["a", "b"]},
    "minItems": 1, "maxItems": 3}}, "required": ["name", "age"]})";
  SamplerChain chain = create("grammar(json_schema=" + quoteText(kSchema) + ")");
  for (uint64_t seed = 0; seed < 40; ++seed) {
    chain.reset();
    const std::string text = generate(chain, closing(), seed);
    const auto value = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(value.is_object()) << text;
    EXPECT_TRUE(value["name"].is_string()) << text;
    EXPECT_GE(value["age"], 1) << text;
    EXPECT_LE(value["age"], 120) << text;
    EXPECT_TRUE(!value.contains("tags") || (!value["tags"].empty() && value["tags"].size() <= 3)) << text;
  }
}

TEST_F(GrammarSamplerTest, OptionsChangeHowASchemaIsRead) {
  const std::string schema = quoteText(R"({"type": "string", "format": "regex"})");
  EXPECT_EQ(refusalOf("grammar(json_schema=" + schema + ")"), "");
  EXPECT_THAT(refusalOf("grammar(json_schema=" + schema + ", exact_formats=true)"),
              HasSubstr("format 'regex' cannot be enforced"));
  EXPECT_EQ(refusalOf("grammar(json_schema=" + schema + ", open_objects=true)"), "");
}

TEST_F(GrammarSamplerTest, ClonesGoTheirOwnWay) {
  SamplerChain chain = create(expressionOf(R"(root ::= "a" "b" | "a" "c")") + "|greedy");
  const int32_t a = *testTokenizer().find("a"), b = *testTokenizer().find("b"),
                c = *testTokenizer().find("c");
  ASSERT_TRUE(chain.accept(a, TokenOrigin::generated).ok());
  SamplerChain other = chain.clone().value();
  ASSERT_TRUE(chain.accept(b, TokenOrigin::generated).ok());
  EXPECT_EQ(*chain.sample(even_, {}), kTestEos);
  EXPECT_TRUE(other.accept(c, TokenOrigin::generated).ok());
  EXPECT_EQ(*other.sample(even_, {}), kTestEos);
}

TEST_F(GrammarSamplerTest, ThePromptIsNotPartOfTheAnswer) {
  SamplerChain chain = create(expressionOf(R"(root ::= "yes" | "no")") + "|greedy");
  ASSERT_TRUE(chain.accept(*testTokenizer().find("\xE2\x96\x81the"), TokenOrigin::prompt).ok());
  EXPECT_THAT(std::string(testTokenizer().surface(*chain.sample(even_, {}))),
              testing::AnyOf("y", "n", "ye", "no", "yes"));
}

TEST_F(GrammarSamplerTest, ALeadingSpaceMayNotCount) {
  std::vector<float> logits = even_;
  const int32_t spaced = *testTokenizer().find("\xE2\x96\x81no");
  logits[static_cast<size_t>(spaced)] = 5;
  const std::string gbnf = R"(root ::= "no")";
  EXPECT_NE(*create(expressionOf(gbnf) + "|greedy").sample(logits, {}), spaced);
  SamplerChain chain = create(expressionOf(gbnf, ", skip_first_space=true") + "|greedy");
  EXPECT_EQ(*chain.sample(logits, {}), spaced);
  ASSERT_TRUE(chain.accept(spaced, TokenOrigin::generated).ok());
  EXPECT_EQ(*chain.sample(logits, {}), kTestEos);
}

TEST_F(GrammarSamplerTest, ReportsWhenNothingIsLeft) {
  SamplerChain chain = create(expressionOf(R"(root ::= "no")"));
  EXPECT_THAT(chain.accept(*testTokenizer().find("a"), TokenOrigin::generated).message(),
              HasSubstr("('a') is not allowed by the grammar"));
  EXPECT_THAT(chain.accept(kTestEos, TokenOrigin::generated).message(),
              HasSubstr("is not allowed by the grammar"));
  std::vector<float> logits = even_;
  logits[500] = 9;
  EXPECT_THAT(create("top_k(1)|" + expressionOf(R"(root ::= "no")")).sample(logits, {}).status().message(),
              HasSubstr("place grammar before samplers that drop candidates"));
  ASSERT_TRUE(chain.accept(*testTokenizer().find("no"), TokenOrigin::generated).ok());
  EXPECT_THAT(chain.sample(even_, {}, std::vector<int32_t>{kTestEos}).status().message(),
              HasSubstr("no token that ends it is among them"));
}

// As the end of a turn that is no control token: it has a text, but is never a part of the answer.
TEST_F(GrammarSamplerTest, AnEndIsNoText) {
  const int32_t end = *testTokenizer().find("no");
  cria_vocabulary vocabulary = vocabulary_;
  vocabulary.eos_ids = &end;
  vocabulary.num_eos = 1;
  auto chain = SamplerChain::create(*registry_, expressionOf(R"(root ::= "no"+)"), vocabulary);
  ASSERT_TRUE(chain.ok()) << chain.status().message();
  std::vector<float> logits = even_;
  logits[static_cast<size_t>(end)] = 9;
  for (const char *piece : {"n", "o"}) {
    const auto id = chain->sample(logits, {});
    ASSERT_TRUE(id.ok()) << id.status().message();
    EXPECT_EQ(testTokenizer().surface(*id), piece);
    EXPECT_TRUE(chain->accept(*id, TokenOrigin::generated).ok());
  }
  EXPECT_EQ(*chain->sample(logits, {}), end);
}

TEST_F(GrammarSamplerTest, EndsLast) {
  std::vector<float> logits = even_;
  logits[kTestEos] = 9;
  const int32_t no = *testTokenizer().find("no");
  for (const auto &[gbnf, next] :
       {std::pair(R"(root ::= "no"+)", false), std::pair(R"(root ::= "no")", true)}) {
    SamplerChain chain = create(expressionOf(gbnf, ", ends_last=true") + "|greedy");
    ASSERT_TRUE(chain.accept(no, TokenOrigin::generated).ok());
    EXPECT_EQ(*chain.sample(logits, {}) == kTestEos, next) << gbnf;
    SamplerChain usual = create(expressionOf(gbnf) + "|greedy");
    ASSERT_TRUE(usual.accept(no, TokenOrigin::generated).ok());
    EXPECT_EQ(*usual.sample(logits, {}), kTestEos) << gbnf;
  }
}

TEST_F(GrammarSamplerTest, PassesOnWhereAGrammarIsWrong) {
  EXPECT_THAT(refusalOf("grammar"), HasSubstr("exactly one of the options 'gbnf'"));
  EXPECT_THAT(refusalOf(expressionOf("root ::= \"a\"", ", json_schema=\"{}\"")),
              HasSubstr("exactly one of the options"));
  EXPECT_THAT(refusalOf(expressionOf("root ::= \"a\"\nx = 1")),
              HasSubstr("line 2, column 3: expected '::='"));
  EXPECT_THAT(refusalOf(expressionOf("main ::= \"a\"", ", root=top")), HasSubstr("start rule 'top'"));
}

} // namespace
} // namespace cria
