// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For tests of Engine: a toy model, requests that follow from a seed, and the results that they have alone.
#pragma once

#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/exec/Engine.h"

#include <gtest/gtest.h>
#include <random>
#include <thread>

namespace cria::test {

inline std::vector<int32_t> idsOf(const GenerateResult &result) {
  std::vector<int32_t> ids;
  for (const GeneratedToken &token : result.tokens) {
    ids.push_back(token.id);
  }
  return ids;
}

/// Records the events of one request and checks their order. Read it after the request has ended.
class Recorder {
public:
  GenerateCallback callback() {
    return [this](const GenerateEvent &event) { record(event); };
  }
  bool hasEnded() const { return hasEnded_; }
  const GenerateResult &result() const { return result_; }
  const std::vector<int32_t> &streamed() const { return streamed_; }

private:
  void record(const GenerateEvent &event) {
    EXPECT_FALSE(hasEnded_) << "an event after the last one";
    EXPECT_TRUE(thread_ == std::thread::id() || thread_ == std::this_thread::get_id());
    thread_ = std::this_thread::get_id();
    if (event.token) {
      streamed_.push_back(event.token->id);
    }
    if (event.result) {
      hasEnded_ = true;
      result_ = *event.result;
    }
  }

  std::vector<int32_t> streamed_;
  GenerateResult result_;
  std::thread::id thread_;
  bool hasEnded_ = false;
};

class EngineTest : public testing::Test {
protected:
  static constexpr uint32_t kThreads = 4;
  static constexpr uint32_t kRequests = 12; // of a thread

  void SetUp() override {
    toyState() = {};
    writeToyPackage(folder_);
    model_ = openToyModel(folder_);
  }

  /// The result of the request when nothing else runs.
  GenerateResult runAlone(const GenerateRequest &request) {
    Recorder recorder;
    Engine engine(*model_, nullptr);
    engine.submit(request, recorder.callback());
    engine.drain();
    EXPECT_TRUE(recorder.hasEnded());
    return recorder.result();
  }

  /// The results of the requests of all threads, which are requestOf(0), requestOf(1), ..., each run alone.
  std::vector<GenerateResult> runAllAlone() {
    std::vector<GenerateResult> results;
    for (uint32_t i = 0; i < kThreads * kRequests; ++i) {
      results.push_back(runAlone(requestOf(i)));
    }
    return results;
  }

  static GenerateRequest requestOf(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<int32_t> prompt(1 + random() % 12);
    for (int32_t &token : prompt) {
      token = static_cast<int32_t>(3 + random() % (kToyVocab - 3));
    }
    return {.prompt = prompt, .maxNewTokens = 1 + static_cast<uint32_t>(random() % 12), .logprobs = 3};
  }

  std::string folder_ = testFolder();
  std::unique_ptr<Model> model_;
};

inline void expectEqual(const GenerateResult &result, const GenerateResult &expected) {
  EXPECT_EQ(result.reason, expected.reason);
  ASSERT_EQ(idsOf(result), idsOf(expected));
  for (size_t i = 0; i < result.tokens.size(); ++i) {
    EXPECT_EQ(result.tokens[i].logprob, expected.tokens[i].logprob); // the same bits
  }
}

} // namespace cria::test
