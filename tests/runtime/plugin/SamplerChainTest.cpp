// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerChain.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <limits>
#include <random>
#include <set>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class SamplerChainTest : public testing::Test {
protected:
  StatusOr<SamplerChain> tryCreate(std::string_view expression, const Vocabulary &vocabulary) {
    return SamplerChain::create(*registry_, expression, vocabulary.view());
  }
  SamplerChain create(std::string_view expression) { return create(expression, four_); }
  SamplerChain create(std::string_view expression, const Vocabulary &vocabulary) {
    StatusOr<SamplerChain> chain = tryCreate(expression, vocabulary);
    EXPECT_TRUE(chain.ok()) << chain.status().message();
    return std::move(chain).value();
  }
  std::string errorOf(std::string_view expression) {
    const StatusOr<SamplerChain> chain = tryCreate(expression, four_);
    return chain.ok() ? "created" : chain.status().message();
  }
  /// The number of times that each of four tokens is chosen over `count` positions.
  std::vector<int> histogram(SamplerChain &chain, std::vector<float> logits, int count,
                             std::vector<int32_t> excluded = {}) {
    std::vector<int> counts(logits.size());
    for (int i = 0; i < count; ++i) {
      const StatusOr<int32_t> id =
          chain.sample(logits, {.seed = 3, .position = static_cast<uint64_t>(i)}, excluded);
      EXPECT_TRUE(id.ok()) << id.status().message();
      counts[static_cast<size_t>(*id)] += 1;
    }
    return counts;
  }

  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  const Vocabulary four_{nullptr, 4, {2}};
  const std::vector<float> halves_ = {0, std::log(2.0f), std::log(4.0f), std::log(1.0f)}; // 1/8 1/4 1/2 1/8
};

TEST_F(SamplerChainTest, DescribesItself) {
  EXPECT_EQ(create("top_k(40)|top_p(p=0.9)|temperature(0.8)").describe(),
            "top_k(k=40)|top_p(p=0.9)|temperature(t=0.8, range=0, exponent=1)|draw");
  EXPECT_EQ(create("").describe(), "draw");
  EXPECT_EQ(create(" draw() ").describe(), "draw");
  EXPECT_EQ(create("greedy").describe(), "greedy|draw");
}

TEST_F(SamplerChainTest, ErrorsPointAtTheExpression) {
  EXPECT_THAT(errorOf("top_k(40)|tpo_p"),
              AllOf(HasSubstr("sampler 'tpo_p'"),
                    HasSubstr("'top_p'? (at character 11)\n  top_k(40)|tpo_p\n            ^")));
  EXPECT_THAT(errorOf("top_k(0)"), AllOf(HasSubstr("sampler top_k: option 'k'"),
                                         HasSubstr("got '0' (at character 7)\n  top_k(0)\n        ^")));
  EXPECT_THAT(errorOf("top_p(q=0.5)"), HasSubstr("sampler top_p has no option 'q'"));
  EXPECT_THAT(errorOf("greedy(1)"),
              HasSubstr("sampler greedy: expected at most 0 options, got another one: '1' (at character 8)"));
  EXPECT_THAT(errorOf("top_k(40"), HasSubstr("expected ',' or ')', got the end"));
  EXPECT_THAT(errorOf("temperature(-1)"), HasSubstr("expected a number from 0 to 1000"));
  EXPECT_EQ(tryCreate("nope", four_).status().code(), StatusCode::notFound);
  EXPECT_EQ(tryCreate("top_k(x)", four_).status().code(), StatusCode::invalidArgument);
}

TEST_F(SamplerChainTest, DrawsByProbability) {
  SamplerChain chain = create("");
  const std::vector<int> counts = histogram(chain, halves_, 40000);
  const double expected[] = {5000, 10000, 20000, 5000};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(counts[i], expected[i], 5 * std::sqrt(expected[i])) << i; // five deviations
  }
}

TEST_F(SamplerChainTest, TemperatureSquaresProbabilities) {
  SamplerChain chain = create("temperature(0.5)"); // 1 : 4 : 16 : 1
  const std::vector<int> counts = histogram(chain, halves_, 44000);
  const double expected[] = {2000, 8000, 32000, 2000};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(counts[i], expected[i], 5 * std::sqrt(expected[i])) << i;
  }
}

TEST_F(SamplerChainTest, OrderMatters) {
  SamplerChain topPFirst = create("top_p(0.6)|temperature(100)"); // leaves 2 and 1
  EXPECT_THAT(histogram(topPFirst, halves_, 1000),
              testing::ElementsAre(0, testing::Gt(400), testing::Gt(400), 0));
  SamplerChain hotFirst = create("temperature(100)|top_p(0.6)"); // nearly even: leaves three
  EXPECT_THAT(histogram(hotFirst, halves_, 1000),
              testing::ElementsAre(testing::Gt(200), testing::Gt(200), testing::Gt(200), 0));
}

TEST_F(SamplerChainTest, IsAFunctionOfItsPoint) {
  const Vocabulary many(nullptr, 1000, {});
  std::vector<float> logits(1000);
  std::mt19937 random(1);
  for (float &logit : logits) {
    logit = static_cast<float>(random() % 100) / 10;
  }
  SamplerChain one = create("top_k(50)|temperature(0.9)", many);
  SamplerChain other = create("top_k(50)|temperature(0.9)", many);
  int different = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    const SamplePoint point{.seed = 5, .sequence = i % 3, .position = i};
    const int32_t id = *one.sample(logits, point);
    EXPECT_EQ(*other.sample(logits, point), id);
    EXPECT_EQ(*one.sample(logits, point), id); // again
    different += *one.sample(logits, {.seed = 6, .sequence = i % 3, .position = i}) != id ? 1 : 0;
  }
  EXPECT_GT(different, 50);
}

TEST_F(SamplerChainTest, ExcludesTokens) {
  SamplerChain chain = create("");
  EXPECT_THAT(histogram(chain, halves_, 1000, {2, 0, 2}),
              testing::ElementsAre(0, testing::Gt(500), 0, testing::Gt(200)));
  SamplerChain greedy = create("greedy");
  EXPECT_EQ(*greedy.sample(halves_, {}, std::vector<int32_t>{2, 77, -1}), 1);
  EXPECT_THAT(greedy.sample(halves_, {}, std::vector<int32_t>{0, 1, 2, 3}).status().message(),
              HasSubstr("all are excluded"));
}

TEST_F(SamplerChainTest, RefusesBrokenLogits) {
  SamplerChain chain = create("greedy");
  std::vector<float> logits = halves_;
  EXPECT_THAT(chain.sample(std::span(logits).first(3), {}).status().message(),
              HasSubstr("expected 4 logits, one per token, got 3"));
  logits[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(chain.sample(logits, {}).status().message(),
              HasSubstr("expected finite logits, got nan for token 1"));
  logits[1] = kInfinity;
  EXPECT_THAT(chain.sample(logits, {}).status().message(),
              HasSubstr("expected finite logits, got inf for token 1"));
  logits.assign(4, -kInfinity);
  EXPECT_THAT(chain.sample(logits, {}).status().message(), HasSubstr("4 logits of -inf"));
  logits[3] = -5;
  for (const char *expression :
       {"greedy", "", "top_k(2)", "top_p(0.5)", "temperature(0.5)|top_p(0.9)|top_k(3)"}) {
    EXPECT_EQ(*create(expression).sample(logits, {}), 3) << expression;
  }
}

TEST_F(SamplerChainTest, LeavesTheLogitsAlone) {
  SamplerChain chain = create("temperature(0.1)|top_k(2)");
  const std::vector<float> logits = halves_;
  ASSERT_TRUE(chain.sample(logits, {}).ok());
  EXPECT_EQ(logits, halves_);
}

TEST_F(SamplerChainTest, UniformNumbersAreEven) {
  std::vector<int> buckets(16);
  double sum = 0;
  for (uint64_t i = 0; i < 16000; ++i) {
    const double u = uniformAt({.seed = i % 4, .sequence = i / 4 % 4, .position = i / 16}, 0);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    buckets[static_cast<size_t>(u * 16)] += 1;
    sum += u;
  }
  EXPECT_NEAR(sum / 16000, 0.5, 0.012);
  EXPECT_THAT(buckets, testing::Each(testing::AllOf(testing::Gt(850), testing::Lt(1150))));
  EXPECT_NE(uniformAt({.seed = 1}, 0), uniformAt({.seed = 1}, 1));
  EXPECT_NE(uniformAt({.seed = 1, .sequence = 2}, 0), uniformAt({.seed = 2, .sequence = 1}, 0));
}

/// Chains with the sampler that breaks its contract, or counts what it accepted.
class RogueChainTest : public SamplerChainTest {
protected:
  RogueChainTest() {
    folder_.link("rogue.so");
    ManifestText manifest;
    manifest.library = "rogue.so";
    manifest.kind = "sampler";
    manifest.name = "rogue";
    folder_.write("rogue.cria-plugin.json", manifest.text());
    registry_ = openRegistry({folder_.path(), builtPlugins()});
  }
  std::string misdeed(int deed) {
    SamplerChain chain = create(fmt::format("rogue({})", deed));
    const StatusOr<int32_t> id = chain.sample(halves_, {});
    return id.ok() ? fmt::format("chose {}", *id) : id.status().message();
  }

  TemporaryFolder folder_;
};

auto brokenContract(const char *expected, const char *found) {
  return AllOf(HasSubstr("sampler rogue violates the plugin contract"), HasSubstr(expected),
               HasSubstr(found));
}

TEST_F(RogueChainTest, CatchesBrokenContracts) {
  EXPECT_THAT(misdeed(1), brokenContract("1 to 4 candidates", "got 0"));
  EXPECT_THAT(misdeed(2), brokenContract("1 to 4 candidates", "got 5"));
  EXPECT_THAT(misdeed(3), brokenContract("index below 4", "got 4"));
  EXPECT_THAT(misdeed(4), brokenContract("same arrays", "got others"));
  EXPECT_THAT(misdeed(5), brokenContract("token id below 4", "got -5"));
  EXPECT_THAT(misdeed(6), AllOf(HasSubstr("sampler rogue"), HasSubstr("status 9")));
  EXPECT_THAT(misdeed(7), HasSubstr("chose "));
  EXPECT_THAT(misdeed(8), brokenContract("logits", "finite or -inf"));
}

TEST_F(RogueChainTest, NeedsItsOption) {
  EXPECT_THAT(errorOf("rogue"), HasSubstr("sampler rogue: option 'deed' is missing"));
  EXPECT_EQ(create("rogue(7, \"a b\")").describe(), "rogue(deed=7, note=\"a b\")|draw");
}

TEST_F(RogueChainTest, AcceptsResetsAndClones) {
  SamplerChain chain = create("rogue(0)");
  EXPECT_EQ(*chain.sample(halves_, {}), 0);
  ASSERT_TRUE(chain.accept(0, TokenOrigin::generated).ok());
  ASSERT_TRUE(chain.accept(0, TokenOrigin::prompt).ok());
  EXPECT_EQ(*chain.sample(halves_, {}), 1);
  StatusOr<SamplerChain> copy = chain.clone();
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->describe(), chain.describe());
  ASSERT_TRUE(copy->accept(1, TokenOrigin::generated).ok());
  EXPECT_EQ(*copy->sample(halves_, {}), 2);
  EXPECT_EQ(*chain.sample(halves_, {}), 1); // its own state
  chain.reset();
  EXPECT_EQ(*chain.sample(halves_, {}), 0);
  EXPECT_EQ(*copy->sample(halves_, {}), 2);
}

// Two chains of one expression choose alike, and greedily if the expression says so.
TEST_F(SamplerChainTest, ChoosesRepeatablyFromAWholeVocabulary) {
  const Vocabulary vocabulary(nullptr, 32000, {});
  std::vector<float> logits(32000);
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 2.5f);
  std::generate(logits.begin(), logits.end(), [&] { return normal(random); });
  const auto highest = std::max_element(logits.begin(), logits.end()) - logits.begin();
  for (const char *expression :
       {"greedy", "temperature(0.6)|top_p(0.9)", "top_k(40)|top_p(0.95)|temperature(0.8)", "top_p(0.999)"}) {
    SamplerChain chain = create(expression, vocabulary), other = create(expression, vocabulary);
    std::set<int32_t> chosen;
    for (uint64_t i = 0; i < 25; ++i) {
      const StatusOr<int32_t> id = chain.sample(logits, {.seed = 1, .position = i});
      ASSERT_TRUE(id.ok()) << id.status().message();
      EXPECT_EQ(*id, *other.sample(logits, {.seed = 1, .position = i}));
      chosen.insert(*id);
    }
    if (std::string_view(expression) == "greedy") {
      EXPECT_THAT(chosen, testing::ElementsAre(highest));
    } else {
      EXPECT_GT(chosen.size(), 1u) << expression;
    }
  }
}

} // namespace
} // namespace cria
