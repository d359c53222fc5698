// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each sampler by itself, through its function table.
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <numeric>
#include <random>

namespace cria {
namespace {

using Ids = std::vector<int32_t>;
using testing::ElementsAre;

/// The candidates after a sampler.
struct Outcome {
  Ids ids;
  std::vector<float> logits;
  int64_t selected = -1;
  uint32_t sorted = 0;
  int32_t choice() const { return selected < 0 ? -1 : ids[static_cast<size_t>(selected)]; }
};

class SamplersTest : public testing::Test {
protected:
  /// Applies e.g. "top_k(3)" to candidates; ids are 0, 1, ... unless given.
  Outcome apply(std::string_view expression, std::vector<float> logits, Ids ids = {}, double uniform = 0,
                uint32_t sorted = 0) {
    const auto calls = parsePluginExpression(expression);
    const auto plugin = registry_->load(PluginKind::sampler, (*calls)[0].name);
    EXPECT_TRUE(plugin.ok()) << plugin.status().message();
    const auto api = readTable<cria_sampler_api>((*plugin)->api);
    const auto options =
        PluginOptions::check(api.options, api.num_options, (*calls)[0].arguments, expression);
    EXPECT_TRUE(options.ok()) << options.status().message();
    cria_sampler *first = nullptr;
    cria_sampler *sampler = nullptr;
    EXPECT_EQ(api.create(options->data(), options->size(), &vocabulary_.view(), &first, nullptr),
              CRIA_STATUS_OK);
    EXPECT_EQ(api.clone(first, &sampler, nullptr), CRIA_STATUS_OK); // a clone does the same
    api.destroy(first);
    if (ids.empty()) {
      ids.resize(logits.size());
      std::iota(ids.begin(), ids.end(), 0);
    }
    cria_candidates candidates{sizeof(candidates), sorted, ids.data(), logits.data(), ids.size(), -1};
    const cria_sample_context context{sizeof(context),
                                      0,
                                      0,
                                      0,
                                      &uniform,
                                      [](void *user, uint32_t) { return *static_cast<double *>(user); }};
    EXPECT_EQ(api.apply(sampler, &candidates, &context, nullptr), CRIA_STATUS_OK);
    api.destroy(sampler);
    ids.resize(candidates.size);
    logits.resize(candidates.size);
    return {std::move(ids), std::move(logits), candidates.selected, candidates.sorted};
  }

  /// Logits of these probabilities.
  static std::vector<float> logsOf(const std::vector<double> &probabilities) {
    std::vector<float> logits;
    for (const double p : probabilities) {
      logits.push_back(static_cast<float>(std::log(p)));
    }
    return logits;
  }

  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  const Vocabulary vocabulary_{nullptr, 64000, {}};
};

TEST_F(SamplersTest, GreedyTakesTheBest) {
  EXPECT_EQ(apply("greedy", {1, 5, 3}).choice(), 1);
  EXPECT_EQ(apply("greedy", {-7}).choice(), 0);
  EXPECT_EQ(apply("greedy", {-INFINITY, -1e30f}).choice(), 1);
}

TEST_F(SamplersTest, GreedyBreaksTiesByTheLowerId) {
  EXPECT_EQ(apply("greedy", {1, 5, 5, 5}).choice(), 1);
  EXPECT_EQ(apply("greedy", {5, 5, 5}, {9, 4, 6}).choice(), 4);
  EXPECT_EQ(apply("greedy", {0.0f, -0.0f}, {9, 4}).choice(), 4);
}

TEST_F(SamplersTest, TemperatureDivides) {
  const Outcome warm = apply("temperature(2)", {1, 5, 3});
  EXPECT_THAT(warm.logits, ElementsAre(-2, 0, -1)); // relative to the best
  EXPECT_EQ(warm.selected, -1);
  EXPECT_THAT(apply("temperature(1)", {1, 5, 3}).logits, ElementsAre(1, 5, 3));
}

TEST_F(SamplersTest, TemperatureZeroIsGreedy) {
  EXPECT_EQ(apply("temperature(0)", {1, 5, 5}).choice(), 1);
  EXPECT_EQ(apply("temperature(1e-50)", {1, 5, 3}).choice(), 1); // smaller than any float
}

TEST_F(SamplersTest, SmallTemperaturesDoNotOverflow) {
  const Outcome cold = apply("temperature(1e-30)", {3e38f, -3e38f, 1, -INFINITY});
  EXPECT_THAT(cold.logits, ElementsAre(0, -INFINITY, -INFINITY, -INFINITY));
}

TEST_F(SamplersTest, TemperatureKeepsTheOrderTrue) {
  EXPECT_EQ(apply("temperature(2)", {5, 3, 1}, {7, 3, 9}, 0, 1).sorted, 1u);
  // 1 and the float above it become equal: ids 7, 3 are no longer in order.
  EXPECT_EQ(apply("temperature(1000)", {1e30f, 1.0000001f, 1}, {1, 7, 3}, 0, 1).sorted, 0u);
}

TEST_F(SamplersTest, TopKKeepsTheBestInTheirOrder) {
  EXPECT_THAT(apply("top_k(2)", {1, 5, 3, 4}).ids, ElementsAre(1, 3));
  EXPECT_THAT(apply("top_k(2)", {1, 5, 3, 4}).logits, ElementsAre(5, 4));
  EXPECT_THAT(apply("top_k(1)", {1, 5, 3, 5}).ids, ElementsAre(1));
  EXPECT_THAT(apply("top_k(4)", {1, 5, 3, 4}).ids, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(apply("top_k(1000000)", {1, 5, 3, 4}).ids, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(apply("top_k(1)", {7}).ids, ElementsAre(0));
}

TEST_F(SamplersTest, TopKBreaksTiesByTheLowerId) {
  EXPECT_THAT(apply("top_k(2)", {1, 1, 1, 1}).ids, ElementsAre(0, 1));
  EXPECT_THAT(apply("top_k(2)", {1, 1, 1, 1}, {8, 2, 6, 4}).ids, ElementsAre(2, 4));
}

TEST_F(SamplersTest, TopPKeepsTheOneThatCrosses) {
  const std::vector<float> logits = logsOf({0.1, 0.5, 0.15, 0.25});
  EXPECT_THAT(apply("top_p(0.4)", logits).ids, ElementsAre(1));
  EXPECT_THAT(apply("top_p(0.6)", logits).ids, ElementsAre(1, 3));
  EXPECT_THAT(apply("top_p(0.8)", logits).ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(apply("top_p(0.95)", logits).ids, ElementsAre(0, 1, 2, 3));
}

// A token is removed if the sum before it exceeds p; at equality it remains.
TEST_F(SamplersTest, TopPAtExactEquality) {
  EXPECT_THAT(apply("top_p(0.5)", {2, 2, 2, 2}).ids, ElementsAre(0, 1, 2));
  EXPECT_THAT(apply("top_p(0.25)", {2, 2, 2, 2}).ids, ElementsAre(0, 1));
  EXPECT_THAT(apply("top_p(0.24)", {2, 2, 2, 2}).ids, ElementsAre(0));
}

TEST_F(SamplersTest, TopPAtItsEnds) {
  EXPECT_THAT(apply("top_p(0)", {1, 3, 3, 2}).ids, ElementsAre(1)); // ties: the lower id
  EXPECT_THAT(apply("top_p(0)", {3, 3}, {9, 4}).ids, ElementsAre(4));
  EXPECT_THAT(apply("top_p(1)", {1, -INFINITY, -80}).ids, ElementsAre(0, 1, 2));
  EXPECT_THAT(apply("top_p(0.5)", {-3}).ids, ElementsAre(0));
  EXPECT_THAT(apply("top_p(0.5)", {-INFINITY, -2, -INFINITY}).ids, ElementsAre(1));
}

/// The rule as published, with a full sort.
Ids topPBySorting(const std::vector<float> &logits, double p) {
  Ids order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] != logits[static_cast<size_t>(b)]
               ? logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)]
               : a < b;
  });
  const double best = logits[static_cast<size_t>(order[0])];
  double total = 0;
  for (const float logit : logits) {
    total += std::exp(logit - best);
  }
  Ids kept;
  double sum = 0;
  for (const int32_t id : order) {
    if (sum > p * total) {
      break;
    }
    kept.push_back(id);
    sum += std::exp(logits[static_cast<size_t>(id)] - best);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

TEST_F(SamplersTest, TopPEqualsTheRuleOnRandomLogits) {
  std::mt19937 random(5);
  for (const double p : {0.05, 0.3, 0.6, 0.9, 0.95, 0.999}) {
    for (const float spread : {0.01f, 0.5f, 2.0f, 8.0f}) {
      std::normal_distribution<float> normal(0, spread);
      std::vector<float> logits(3000);
      for (float &logit : logits) {
        logit = std::round(normal(random) * 512) / 512; // with ties
      }
      const Ids kept = apply(fmt::format("top_p({})", p), logits).ids;
      const Ids expected = topPBySorting(logits, p);
      // Sums of floats differ in their last digits: the boundary may move by a token of that weight.
      EXPECT_NEAR(static_cast<double>(kept.size()), static_cast<double>(expected.size()), 1)
          << p << " " << spread;
      EXPECT_TRUE(std::includes(kept.begin(), kept.end(), expected.begin(), expected.end()) ||
                  std::includes(expected.begin(), expected.end(), kept.begin(), kept.end()));
    }
  }
}

TEST_F(SamplersTest, TopKEqualsASortOnRandomLogits) {
  std::mt19937 random(6);
  std::vector<float> logits(2000);
  for (float &logit : logits) {
    logit = static_cast<float>(static_cast<int>(random() % 300)) - 150;
  }
  for (const size_t k : {1, 7, 40, 124, 126, 500, 1999}) {
    Ids order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
    });
    order.resize(k);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(apply(fmt::format("top_k({})", k), logits).ids, order) << k;
  }
}

TEST_F(SamplersTest, DrawWalksTheProbabilities) {
  const std::vector<float> logits = logsOf({0.25, 0.5, 0.125, 0.125});
  EXPECT_EQ(apply("draw", logits, {}, 0.0).choice(), 0);
  EXPECT_EQ(apply("draw", logits, {}, 0.249).choice(), 0);
  EXPECT_EQ(apply("draw", logits, {}, 0.251).choice(), 1);
  EXPECT_EQ(apply("draw", logits, {}, 0.749).choice(), 1);
  EXPECT_EQ(apply("draw", logits, {}, 0.751).choice(), 2);
  EXPECT_EQ(apply("draw", logits, {}, 0.876).choice(), 3);
  EXPECT_EQ(apply("draw", logits, {}, 1 - 0x1p-53).choice(), 3);
}

TEST_F(SamplersTest, DrawNeverTakesTheImpossible) {
  EXPECT_EQ(apply("draw", {-INFINITY, 1, -INFINITY}, {}, 0.0).choice(), 1);
  EXPECT_EQ(apply("draw", {-INFINITY, 1, -INFINITY}, {}, 1 - 0x1p-53).choice(), 1);
  EXPECT_EQ(apply("draw", {1, -1000}, {}, 1 - 0x1p-53).choice(), 0);
  EXPECT_EQ(apply("draw", {5}, {3}, 0.7).choice(), 3);
}

} // namespace
} // namespace cria
