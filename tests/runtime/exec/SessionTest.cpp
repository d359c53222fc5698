// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Session: chunks, prefixes, forks; compares random schedules of many sessions with the oracle.
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/exec/Stepper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace cria::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SessionTest : public testing::Test {
protected:
  void SetUp() override {
    toyState() = {};
    writeToyPackage(folder_);
    model_ = openToyModel(folder_, {.debug = {.poisonBuffers = true}});
  }
  std::vector<float> decode(Session &session, int32_t token) {
    auto logits = session.decode(token);
    EXPECT_TRUE(logits.ok()) << logits.status().message();
    return {logits->begin(), logits->end()};
  }

  std::string folder_ = testFolder();
  std::unique_ptr<Model> model_;
};

std::vector<int32_t> someTokens(size_t count) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>((i * 7 + 3) % kToyVocab));
  }
  return tokens;
}

TEST_F(SessionTest, PrefillsInChunksWithLogitsOfEveryToken) {
  Session session(*model_);
  std::vector<int32_t> tokens = someTokens(29);
  uint32_t next = 0;
  Status status = session.prefill(
      tokens,
      [&](uint32_t position, std::span<const float> logits) {
        EXPECT_EQ(position, next++);
        std::vector<int32_t> history(tokens.begin(), tokens.begin() + position + 1);
        EXPECT_EQ(std::vector<float>(logits.begin(), logits.end()), toyLogits(history, kToyVocab));
        return Status();
      },
      true);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(next, 29u);
}

TEST_F(SessionTest, KeepsCompletedChunksWhenALaterOneFails) {
  Session session(*model_);
  toyState().failAfter = 1;
  EXPECT_FALSE(session.prefill(someTokens(20), {}).ok());
  EXPECT_EQ(session.length(), kToyMaxTokens);
}

TEST_F(SessionTest, RefusesMoreThanTheContext) {
  Session session(*model_);
  EXPECT_THAT(session.prefill(someTokens(31), {}).message(),
              AllOf(HasSubstr("1 to 30 tokens"), HasSubstr("got 31")));
  ASSERT_TRUE(session.prefill(someTokens(30), {}).ok());
  EXPECT_THAT(session.decode(1).status().message(),
              AllOf(HasSubstr("context of 30 positions is full"), HasSubstr("got 1")));
}

TEST_F(SessionTest, KeepsTheCommonPrefixButNeverAll) {
  Session session(*model_);
  std::vector<int32_t> tokens = someTokens(8);
  ASSERT_TRUE(session.prefill(tokens, {}).ok());
  EXPECT_EQ(session.keepCommonPrefix(tokens), 7u);
  tokens[5] = 60;
  EXPECT_EQ(session.keepCommonPrefix(tokens), 5u);
  EXPECT_EQ(session.keepCommonPrefix(someTokens(1)), 0u);
  EXPECT_EQ(session.keepCommonPrefix({}), 0u);
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

TEST_F(SessionTest, ForksGoTheirOwnWays) {
  Session first(*model_);
  ASSERT_TRUE(first.prefill(someTokens(6), {}).ok());
  Session second = first.fork();
  std::vector<int32_t> left = someTokens(6), right = left;
  left.push_back(1);
  right.push_back(2);
  EXPECT_EQ(decode(first, 1), toyLogits(left, kToyVocab));
  EXPECT_EQ(decode(second, 2), toyLogits(right, kToyVocab));
  left.push_back(3);
  EXPECT_EQ(decode(first, 3), toyLogits(left, kToyVocab));
}

TEST_F(SessionTest, AStepRefusesTheSameSessionTwiceAndStrangers) {
  Session session(*model_);
  auto other = openToyModel(folder_);
  Session stranger(*other);
  std::vector<int32_t> ids = {1};
  StepItem twice[] = {{.session = &session, .tokens = ids}, {.session = &session, .tokens = ids}};
  StepItem strange[] = {{.session = &stranger, .tokens = ids}};
  Stepper stepper(*model_);
  EXPECT_THAT(stepper.run(Phase::decode, twice).status().message(),
              AllOf(HasSubstr("step item 1"), HasSubstr("occurs once")));
  EXPECT_THAT(stepper.run(Phase::decode, strange).status().message(),
              AllOf(HasSubstr("step item 0"), HasSubstr("session of this model")));
  EXPECT_THAT(stepper.run(Phase::decode, {}).status().message(),
              AllOf(HasSubstr("1 to 4 sessions"), HasSubstr("got 0")));
}

class SessionSchedule : public SessionTest, public testing::WithParamInterface<uint32_t> {};

/// Steps of one to three sessions with one to five tokens each, between forks, truncations and failures.
TEST_P(SessionSchedule, EverySessionSeesItsOwnHistory) {
  std::mt19937 random(GetParam());
  Stepper stepper(*model_);
  std::vector<Session> sessions;
  for (int i = 0; i < 8; ++i) {
    sessions.emplace_back(*model_);
  }
  for (int step = 0; step < 200; ++step) {
    size_t first = random() % sessions.size();
    uint32_t action = random() % 8;
    if (action == 0) {
      sessions[first].truncate(random() % (sessions[first].length() + 1));
      continue;
    }
    if (action == 1) {
      sessions[(first + 1) % sessions.size()] = sessions[first].fork();
      continue;
    }
    std::vector<std::vector<int32_t>> tokens(1 + random() % 3);
    std::vector<StepItem> items;
    for (size_t i = 0; i < tokens.size(); ++i) {
      Session &session = sessions[(first + i) % sessions.size()];
      if (session.room() < 5 || model_->kvPool().numFreePages() < 12) {
        session.clear();
      }
      tokens[i].resize(1 + random() % 5);
      for (int32_t &token : tokens[i]) {
        token = static_cast<int32_t>(random() % kToyVocab);
      }
      items.push_back({.session = &session, .tokens = tokens[i]});
    }
    bool fails = random() % 10 == 0;
    toyState().failAfter = fails ? 0 : -1;
    auto logits = stepper.run(random() % 2 ? Phase::decode : Phase::prefill, items);
    ASSERT_EQ(logits.ok(), !fails) << logits.status().message();
    for (size_t i = 0; i < items.size() && !fails; ++i) {
      auto row = logits->subspan(i * kToyVocab, kToyVocab);
      ASSERT_EQ(std::vector<float>(row.begin(), row.end()), toyLogits(items[i].session->tokens(), kToyVocab))
          << "step " << step;
    }
  }
  sessions.clear();
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}
INSTANTIATE_TEST_SUITE_P(Seeds, SessionSchedule, testing::Range(1u, 21u));

} // namespace
} // namespace cria::test
