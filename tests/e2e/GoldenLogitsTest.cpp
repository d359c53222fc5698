// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares logits with those of transformers, for every golden model on every target that runs on this
// machine.
#include "tests/testing/GoldenLogits.h"
#include "tests/testing/CompileModel.h"

#include <gtest/gtest.h>

namespace cria::test {
namespace {

/// With f32 weights and f32 KV, only the order of roundings differs.
constexpr float kExactTolerance = 2e-4f;
/// With f32 weights and a cache in 8 bits: half a code of 127 for each key and value. Measured are at most
/// 1.9e-2, and 48 of 50 positions with the same best token, since models of random weights have near-ties.
constexpr float kCodedCacheTolerance = 3e-2f;
constexpr double kCodedCacheArgmaxShare = 0.94;

struct Case {
  std::string model;
  std::string target;
};

int32_t argmax(std::span<const float> logits) { return chooseGreedy(logits).value(); }

constexpr const char *kSimulated = "gpusim-sm_80";

std::string backendOf(const std::string &target) {
  return target == "ops" ? "reference" : target == kSimulated ? "gpusim" : "cpu";
}

class GoldenLogitsTest : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    if (!runsHere(GetParam().target)) {
      GTEST_SKIP() << "this processor does not run " << GetParam().target;
    }
  }

  std::unique_ptr<Model> open(const std::string &weights, const std::string &kv) {
    const std::string package =
        compileModel(goldenModelPath(GetParam().model),
                     {"--no-tokenizer", "--target", "ops,cpu,gpusim", "--weights", weights, "--kv", kv});
    return openCompiled(package, {.target = GetParam().target, .backend = backendOf(GetParam().target)});
  }
};

class GoldenF32LogitsTest : public GoldenLogitsTest {};

TEST_P(GoldenF32LogitsTest, F32LogitsAgree) {
  const std::unique_ptr<Model> model = open("f32", "f32");
  for (const GoldenPrompt &prompt : readGolden(GetParam().model)) {
    const std::vector<float> logits = prefillLogits(*model, prompt.tokens);
    ASSERT_EQ(prompt.vocabSize(), model->vocabSize());
    for (size_t r = 0; r < prompt.rows.size(); ++r) {
      const float *ours = logits.data() + prompt.rows[r] * prompt.vocabSize();
      EXPECT_LE(prompt.error(r, ours), kExactTolerance)
          << prompt.tokens.size() << " tokens, position " << prompt.rows[r];
    }
  }
}

// The golden tokens are fed back, so that a permitted difference does not affect later tokens.
TEST_P(GoldenF32LogitsTest, F32GreedyTokensAgree) {
  const std::unique_ptr<Model> model = open("f32", "f32");
  for (const GoldenPrompt &prompt : readGolden(GetParam().model)) {
    const float tolerance = kExactTolerance * prompt.range();
    Session session(*model);
    std::vector<float> next;
    const LogitsCallback keep = [&](uint32_t, std::span<const float> logits) {
      next.assign(logits.begin(), logits.end());
      return Status();
    };
    ASSERT_TRUE(session.prefill(prompt.tokens, keep).ok());
    for (size_t step = 0; step < prompt.greedy.size(); ++step) {
      if (prompt.gap[step] > tolerance) {
        ASSERT_EQ(argmax(next), prompt.greedy[step]) << "step " << step;
      }
      if (step + 1 < prompt.greedy.size()) {
        const StatusOr<std::span<const float>> logits = session.decode(prompt.greedy[step]);
        ASSERT_TRUE(logits.ok()) << logits.status().message();
        next.assign(logits->begin(), logits->end());
      }
    }
  }
}

TEST_P(GoldenLogitsTest, F16LogitsAgreeWithinTolerance) {
  const std::unique_ptr<Model> model = open("f16", "f16");
  const GoldenAgreement agreement = compareLogits(*model, readGolden(GetParam().model));
  const double share = GetParam().target == kSimulated ? kTensorCoreArgmaxShare : kHalfArgmaxShare;
  EXPECT_TRUE(agreement.isWithin(kHalfTolerance, share))
      << "off by " << agreement.worst << "; the same best token at " << agreement.sameBest << " of "
      << agreement.positions << " positions";
}

class GoldenCodedCacheTest : public GoldenLogitsTest {};

TEST_P(GoldenCodedCacheTest, LogitsAgreeWithinTolerance) {
  const std::string package =
      compileModel(goldenModelPath(GetParam().model),
                   {"--no-tokenizer", "--target", "ops,cpu", "--weights", "f32", "--kv", "q8"});
  const auto model =
      openCompiled(package, {.target = GetParam().target, .backend = backendOf(GetParam().target)});
  const GoldenAgreement agreement = compareLogits(*model, readGolden(GetParam().model));
  EXPECT_TRUE(agreement.isWithin(kCodedCacheTolerance, kCodedCacheArgmaxShare))
      << "off by " << agreement.worst << "; the same best token at " << agreement.sameBest << " of "
      << agreement.positions << " positions";
}

/// The logits after a prompt and after each token that is fed back.
class Follower {
public:
  Follower(const std::string &package, const std::string &target)
      : model_(openCompiled(package, {.target = target, .backend = backendOf(target)})), session_(*model_) {}

  void prefill(std::span<const int32_t> tokens) {
    const LogitsCallback keep = [&](uint32_t, std::span<const float> logits) {
      next.assign(logits.begin(), logits.end());
      return Status();
    };
    ASSERT_TRUE(session_.prefill(tokens, keep).ok());
  }
  void decode(int32_t token) {
    const StatusOr<std::span<const float>> logits = session_.decode(token);
    ASSERT_TRUE(logits.ok()) << logits.status().message();
    next.assign(logits->begin(), logits->end());
  }

  std::vector<float> next;

private:
  std::unique_ptr<Model> model_;
  Session session_;
};

// The device chooses the same token as the CPU wherever the two best logits differ by more than rounding
// errors.
TEST(SimulatedGreedyTokens, AgreeWithTheCpu) {
  constexpr int kSteps = 40, kMaxTies = kSteps / 4;
  const std::string package = compileModel(CRIA_SOURCE_DIR "/examples/stories/model",
                                           {"--target", "cpu-x86-64-v3,gpusim", "--weights", "f16"});
  Follower cpu(package, "cpu-x86-64-v3"), device(package, kSimulated);
  const std::vector<int32_t> prompt = readGolden("stories").front().tokens;
  ASSERT_NO_FATAL_FAILURE(cpu.prefill(prompt));
  ASSERT_NO_FATAL_FAILURE(device.prefill(prompt));
  int ties = 0;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<float> sorted = cpu.next;
    std::sort(sorted.rbegin(), sorted.rend());
    const bool isTie = sorted[0] - sorted[1] <= kHalfTolerance * (sorted.front() - sorted.back());
    ties += isTie ? 1 : 0;
    const int32_t token = argmax(cpu.next);
    if (!isTie) {
      ASSERT_EQ(argmax(device.next), token) << "step " << step;
    }
    ASSERT_NO_FATAL_FAILURE(cpu.decode(token));
    ASSERT_NO_FATAL_FAILURE(device.decode(token));
  }
  EXPECT_LE(ties, kMaxTies) << "too few steps said anything";
}

std::vector<Case> casesOn(std::initializer_list<const char *> targets) {
  std::vector<Case> cases;
  for (const std::string &model : goldenModels()) {
    for (const char *target : targets) {
      cases.push_back({model, target});
    }
  }
  return cases;
}

std::vector<Case> f32Cases() {
  std::vector<Case> cases = casesOn({"ops", "cpu-x86-64-v3", "cpu-x86-64-v4"});
  cases.push_back({"gqa", kSimulated}); // one model, because the simulator is slow
  return cases;
}

std::string nameOfCase(const testing::TestParamInfo<Case> &info) {
  std::string name = info.param.model + "_" + info.param.target;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(, GoldenF32LogitsTest, testing::ValuesIn(f32Cases()), nameOfCase);
INSTANTIATE_TEST_SUITE_P(, GoldenCodedCacheTest, testing::ValuesIn(casesOn({"ops", "cpu-x86-64-v3"})),
                         nameOfCase);
INSTANTIATE_TEST_SUITE_P(, GoldenLogitsTest,
                         testing::ValuesIn(casesOn({"ops", "cpu-x86-64-v3", "cpu-x86-64-v4", kSimulated})),
                         nameOfCase);

} // namespace
} // namespace cria::test
