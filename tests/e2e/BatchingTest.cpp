// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sequences in one batch have the same logits as alone, bit for bit, for any schedule of steps.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"

#include <gtest/gtest.h>
#include <random>

namespace cria::test {
namespace {

constexpr size_t kNumSequences = 8;
constexpr int kNumSchedules = 20;
constexpr const char *kSimulated = "gpusim-sm_80";
constexpr std::string_view kInCodes = "_kv_q8"; // after a target: with the cache in 8 bits

class BatchingTest : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    if (!runsHere(target())) {
      GTEST_SKIP() << "this processor does not run " << target();
    }
    isSimulated() ? openOnDevice() : openOnCpu();
  }

  static bool isSimulated() { return GetParam() == kSimulated; }
  static bool hasCodedCache() { return GetParam().ends_with(kInCodes); }
  static std::string target() {
    return hasCodedCache() ? GetParam().substr(0, GetParam().size() - kInCodes.size()) : GetParam();
  }

  void openOnCpu() {
    model_ =
        openCompiled(compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--target", "cpu", "--weights",
                                                           GetParam().ends_with("vnni") ? "q4" : "f16",
                                                           "--kv", hasCodedCache() ? "q8" : "f16"}),
                     {.target = target()});
  }

  // Few and many rows have the same bits in f32.
  void openOnDevice() {
    model_ = openCompiled(
        compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--target", "gpusim", "--weights", "q4_k_m",
                                              "--activations", "f32", "--kv", "f32"}),
        {.target = GetParam(), .backend = "gpusim"});
  }

  std::unique_ptr<Model> model_;
};

/// One sequence of a schedule: its tokens, the number of tokens that were run, and the logits of each.
struct Lane {
  std::vector<int32_t> tokens;
  std::vector<float> expected; // [tokens, vocab], computed alone
  size_t done = 0;
};

std::vector<Lane> makeLanes(Model &model, std::mt19937 &random) {
  std::vector<Lane> lanes(kNumSequences);
  for (Lane &lane : lanes) {
    const size_t length = 5 + random() % 70;
    for (size_t i = 0; i < length; ++i) {
      lane.tokens.push_back(static_cast<int32_t>(random() % model.vocabSize()));
    }
    lane.expected = prefillLogits(model, lane.tokens);
  }
  return lanes;
}

/// A random choice of sequences, each with a random number of its next tokens; all of them get logits.
std::vector<StepItem> chooseItems(std::vector<Lane> &lanes, std::vector<Session> &sessions, Phase phase,
                                  std::mt19937 &random) {
  std::vector<StepItem> items;
  for (size_t i = 0; i < lanes.size(); ++i) {
    const size_t left = lanes[i].tokens.size() - lanes[i].done;
    const size_t count = phase == Phase::decode ? 1 : 1 + random() % 20;
    if (left > 0 && random() % 3 != 0) {
      const std::span<const int32_t> tokens =
          std::span(lanes[i].tokens).subspan(lanes[i].done, std::min(count, left));
      items.push_back({&sessions[i], tokens, static_cast<uint32_t>(tokens.size())});
    }
  }
  std::shuffle(items.begin(), items.end(), random);
  return items;
}

void runSchedule(Model &model, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Lane> lanes = makeLanes(model, random);
  std::vector<Session> sessions;
  for (size_t i = 0; i < kNumSequences; ++i) {
    sessions.emplace_back(model);
  }
  Stepper stepper(model);
  const auto isDone = [](const Lane &lane) { return lane.done == lane.tokens.size(); };
  while (!std::all_of(lanes.begin(), lanes.end(), isDone)) {
    const Phase phase = random() % 2 == 0 ? Phase::prefill : Phase::decode;
    const std::vector<StepItem> items = chooseItems(lanes, sessions, phase, random);
    if (items.empty()) {
      continue;
    }
    const StatusOr<std::span<const float>> logits = stepper.run(phase, items);
    ASSERT_TRUE(logits.ok()) << logits.status().message();
    const float *row = logits->data();
    for (const StepItem &item : items) {
      Lane &lane = lanes[static_cast<size_t>(item.session - sessions.data())];
      const size_t size = item.tokens.size() * model.vocabSize();
      ASSERT_EQ(std::memcmp(row, lane.expected.data() + lane.done * model.vocabSize(), size * sizeof(float)),
                0)
          << "positions from " << lane.done;
      lane.done += item.tokens.size();
      row += size;
    }
  }
}

TEST_P(BatchingTest, RandomSchedules) {
  const int numSchedules = isSimulated() ? 1 : kNumSchedules; // the simulator is slow
  for (int seed = 0; seed < numSchedules; ++seed) {
    SCOPED_TRACE(seed);
    runSchedule(*model_, static_cast<uint32_t>(seed));
    ASSERT_FALSE(HasFatalFailure());
  }
}

// A fork with other tokens leaves its origin unchanged.
TEST_P(BatchingTest, ForkedSequences) {
  std::mt19937 random(7);
  std::vector<int32_t> tokens(50);
  for (int32_t &token : tokens) {
    token = static_cast<int32_t>(random() % model_->vocabSize());
  }
  const std::vector<float> expected = prefillLogits(*model_, tokens);
  const LogitsCallback ignore = [](uint32_t, std::span<const float>) { return Status(); };
  Session origin(*model_);
  ASSERT_TRUE(origin.prefill(std::span(tokens).first(40), ignore).ok());
  Session other = origin.fork();
  ASSERT_TRUE(other.prefill(std::vector<int32_t>{3, 4, 5, 6, 7}, ignore).ok());
  for (size_t i = 40; i < tokens.size(); ++i) {
    const StatusOr<std::span<const float>> logits = origin.decode(tokens[i]);
    ASSERT_TRUE(logits.ok());
    ASSERT_EQ(std::memcmp(logits->data(), expected.data() + i * model_->vocabSize(), logits->size_bytes()), 0)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(, BatchingTest,
                         testing::Values("cpu-x86-64-v3", "cpu-x86-64-v4", "cpu-x86-64-v4-vnni",
                                         "cpu-x86-64-v3_kv_q8", kSimulated),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
} // namespace cria::test
