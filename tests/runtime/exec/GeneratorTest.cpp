// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generator: every finish reason, equality of batches and single runs, streaming, cancellation, errors, KV
// reuse.
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/exec/Generator.h"
#include "runtime/exec/Session.h"
#include "runtime/text/TokenizerRegistry.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int32_t kEos = 2;
constexpr float kLow = -1000;

std::vector<int32_t> idsOf(const GenerateResult &result) {
  std::vector<int32_t> ids;
  for (const GeneratedToken &token : result.tokens) {
    ids.push_back(token.id);
  }
  return ids;
}

/// Logits that make the greedy choice of the i-th token of a sequence `script[i]`, the last one for ever.
ToyLogits scripted(std::vector<int32_t> script) {
  return [script = std::move(script)](std::span<const int32_t> history, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), 0.0f);
    logits[static_cast<size_t>(script[std::min(history.size(), script.size() - 1)])] = 100;
  };
}

/// The result of greedy decoding without the generator.
std::vector<int32_t> oracle(std::vector<int32_t> history, size_t count) {
  std::vector<int32_t> tokens;
  while (tokens.size() < count) {
    std::vector<float> logits = toyLogits(history, kToyVocab);
    logits[kEos] = kLow;
    int32_t best = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    tokens.push_back(best);
    history.push_back(best);
  }
  return tokens;
}

class GeneratorTest : public testing::Test {
protected:
  void SetUp() override {
    toyState() = {};
    writeToyPackage(folder_);
    model_ = openToyModel(folder_, {.debug = {.poisonBuffers = true}});
  }
  GenerateResult run(const GenerateRequest &request, const GenerateCallback &callback = {},
                     const CancelFlag *cancel = nullptr) {
    return Generator(*model_, nullptr).generate(request, callback, cancel);
  }

  std::string folder_ = testFolder();
  std::unique_ptr<Model> model_;
};

TEST_F(GeneratorTest, EndsWithLength) {
  GenerateRequest request = {.prompt = {1, 5, 9}, .maxNewTokens = 6, .minNewTokens = 6};
  GenerateResult result = run(request);
  EXPECT_EQ(result.reason, FinishReason::length);
  EXPECT_EQ(idsOf(result), oracle({1, 5, 9}, 6));
  EXPECT_THAT(toyState().steps, ElementsAre("3 rows 1 outputs", "1 rows 1 outputs", "1 rows 1 outputs",
                                            "1 rows 1 outputs", "1 rows 1 outputs", "1 rows 1 outputs"));
  EXPECT_GT(result.promptNs, 0u);
  EXPECT_GE(result.totalNs, result.promptNs);
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

TEST_F(GeneratorTest, EndsWithEosWhichIsNoPartOfTheText) {
  toyState().logits = scripted({0, 10, 11, kEos, 12});
  GenerateResult result = run({.prompt = {1}});
  EXPECT_EQ(result.reason, FinishReason::eos);
  EXPECT_EQ(result.stopToken, kEos);
  EXPECT_EQ(idsOf(result), (std::vector<int32_t>{10, 11}));
}

TEST_F(GeneratorTest, IgnoresEosWhenRequested) {
  toyState().logits = scripted({0, 10, kEos, 12});
  GenerateResult result = run({.prompt = {1}, .maxNewTokens = 4, .ignoreEos = true});
  EXPECT_EQ(idsOf(result), (std::vector<int32_t>{10, kEos, 12, 12}));
}

TEST_F(GeneratorTest, MasksEosBeforeTheMinimum) {
  toyState().logits = [](std::span<const int32_t>, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), 0.0f);
    logits[kEos] = 100;
    logits[33] = 50;
  };
  GenerateResult result = run({.prompt = {1}, .minNewTokens = 3});
  EXPECT_EQ(result.reason, FinishReason::eos);
  EXPECT_EQ(idsOf(result), (std::vector<int32_t>{33, 33, 33}));
}

TEST_F(GeneratorTest, EndsWithAStopToken) {
  toyState().logits = scripted({0, 10, 44, 12});
  GenerateResult result = run({.prompt = {1}, .stopTokens = {44}});
  EXPECT_EQ(result.reason, FinishReason::stop);
  EXPECT_EQ(result.stopToken, 44);
  EXPECT_EQ(idsOf(result), (std::vector<int32_t>{10}));
}

TEST_F(GeneratorTest, EndsWithContextWhenItIsFull) {
  GenerateRequest request = {.prompt = std::vector<int32_t>(25, 7), .ignoreEos = true};
  GenerateResult result = run(request);
  EXPECT_EQ(result.reason, FinishReason::context);
  EXPECT_EQ(result.tokens.size(), 5u);
  request.prompt.resize(kToyContext, 7);
  EXPECT_EQ(run(request).reason, FinishReason::context);
}

TEST_F(GeneratorTest, RefusesBadRequestsAlone) {
  auto message = [&](const GenerateRequest &request) {
    GenerateResult result = run(request);
    EXPECT_EQ(result.reason, FinishReason::error);
    return result.status.message();
  };
  EXPECT_THAT(message({}), HasSubstr("prompt is empty"));
  EXPECT_THAT(message({.prompt = std::vector<int32_t>(31, 1)}),
              AllOf(HasSubstr("at most 30 tokens"), HasSubstr("got 31")));
  EXPECT_THAT(message({.prompt = {64}}), AllOf(HasSubstr("id from 0 to 63"), HasSubstr("got 64")));
  EXPECT_THAT(message({.prompt = {-1}}), AllOf(HasSubstr("id from 0 to 63"), HasSubstr("got -1")));
  EXPECT_THAT(message({.prompt = {1}, .stopTexts = {"x"}}), HasSubstr("stop texts require a tokenizer"));
  GenerateRequest requests[] = {{.prompt = {64}}, {.prompt = {1}, .maxNewTokens = 1, .ignoreEos = true}};
  auto results = Generator(*model_, nullptr).generate(requests);
  EXPECT_EQ(results[0].reason, FinishReason::error);
  EXPECT_EQ(results[1].reason, FinishReason::length);
}

TEST_F(GeneratorTest, ZeroNewTokensRunNothing) {
  EXPECT_EQ(run({.prompt = {1}, .maxNewTokens = 0}).reason, FinishReason::length);
  EXPECT_TRUE(toyState().steps.empty());
}

TEST_F(GeneratorTest, ManyRequestsGiveWhatEachGivesAlone) {
  std::vector<GenerateRequest> requests;
  for (int32_t i = 0; i < 11; ++i) {
    std::vector<int32_t> prompt(static_cast<size_t>(1 + i * 5 % 21), 3 + i);
    uint32_t count = static_cast<uint32_t>(2 + i % 7);
    requests.push_back({.prompt = prompt, .maxNewTokens = count, .minNewTokens = count});
  }
  auto results = Generator(*model_, nullptr).generate(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(results[i].reason, FinishReason::length) << i;
    EXPECT_EQ(idsOf(results[i]), oracle(requests[i].prompt, requests[i].maxNewTokens)) << i;
  }
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

TEST_F(GeneratorTest, RequestsWaitForPages) {
  auto small = openToyModel(folder_, {.kvMemoryBytes = 8 * kToyPageBytes});
  std::vector<GenerateRequest> requests(3, {.prompt = {1, 2, 3}, .maxNewTokens = 17, .minNewTokens = 17});
  auto results = Generator(*small, nullptr).generate(requests);
  for (const GenerateResult &result : results) {
    EXPECT_EQ(result.reason, FinishReason::length) << result.status.message();
    EXPECT_EQ(idsOf(result), oracle({1, 2, 3}, 17));
  }
}

// The session of a waiting request may hold shared pages, which do not return to the pool when it releases
// them.
TEST_F(GeneratorTest, RequestsOfForkedSessionsWaitForPagesToo) {
  auto small = openToyModel(folder_, {.kvMemoryBytes = 13 * kToyPageBytes});
  Session first(*small);
  const std::vector<int32_t> text(16, 5);
  ASSERT_TRUE(first.prefill(text, {}).ok());
  Session second = first.fork(); // four pages, all shared
  const std::vector<GenerateRequest> requests = {
      {.prompt = {1, 2, 3}, .maxNewTokens = 20, .minNewTokens = 20},
      {.prompt = {4, 4, 4}, .maxNewTokens = 20, .minNewTokens = 20, .session = &second}};
  for (const GenerateResult &result : Generator(*small, nullptr).generate(requests)) {
    EXPECT_EQ(result.reason, FinishReason::length) << result.status.message();
  }
  EXPECT_EQ(first.length(), 16u);
}

// Whatever would end the text is masked.
TEST_F(GeneratorTest, NoTokenEndsTheTextBeforeTheMinimum) {
  toyState().logits = [](std::span<const int32_t>, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), 0.0f);
    logits[44] = 100;
    logits[45] = 90;
    logits[kEos] = 80;
    logits[10] = 70;
  };
  GenerateResult result = run({.prompt = {1}, .minNewTokens = 2, .eosTokens = {45}, .stopTokens = {44}});
  EXPECT_EQ(result.reason, FinishReason::stop);
  EXPECT_EQ(idsOf(result), (std::vector<int32_t>{10, 10}));
}

TEST_F(GeneratorTest, EndsWithEosTokensOfTheRequest) {
  toyState().logits = scripted({0, 10, 45, 12});
  GenerateResult result = run({.prompt = {1}, .eosTokens = {45}});
  EXPECT_EQ(result.reason, FinishReason::eos);
  EXPECT_EQ(result.stopToken, 45);
  result = run({.prompt = {1}, .maxNewTokens = 3, .eosTokens = {45}, .ignoreEos = true});
  EXPECT_EQ(result.reason, FinishReason::length);
}

TEST_F(GeneratorTest, CheckReportsWhatGenerateWould) {
  const Generator generator(*model_, nullptr);
  EXPECT_TRUE(generator.check({.prompt = {1}}).ok());
  const Status tooLong = generator.check({.prompt = std::vector<int32_t>(kToyContext + 1, 1)});
  EXPECT_EQ(tooLong.message(), run({.prompt = std::vector<int32_t>(kToyContext + 1, 1)}).status.message());
}

TEST_F(GeneratorTest, ReportsLogprobsOfTheRawLogits) {
  toyState().logits = [](std::span<const int32_t>, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), -1e9f);
    logits[10] = 2;
    logits[20] = 1;
  };
  GenerateResult result = run({.prompt = {1}, .maxNewTokens = 1, .logprobs = 2});
  const GeneratedToken &token = result.tokens.at(0);
  double total = std::log(std::exp(2 + 10 / 1024.0) + std::exp(1 + 20 / 1024.0));
  EXPECT_EQ(token.id, 10);
  EXPECT_NEAR(token.logprob, 2 + 10 / 1024.0 - total, 1e-6);
  ASSERT_EQ(token.top.size(), 2u);
  EXPECT_EQ(token.top[1].id, 20);
  EXPECT_NEAR(token.top[1].logprob, 1 + 20 / 1024.0 - total, 1e-6);
}

TEST_F(GeneratorTest, CancellationKeepsWhatWasDelivered) {
  CancelFlag cancel;
  size_t delivered = 0;
  auto callback = [&](const GenerateEvent &event) {
    if (event.token && ++delivered == 3) {
      cancel.set();
    }
  };
  GenerateResult result = run({.prompt = {1}, .ignoreEos = true}, callback, &cancel);
  EXPECT_EQ(result.reason, FinishReason::cancelled);
  EXPECT_TRUE(result.status.ok());
  EXPECT_EQ(result.tokens.size(), 3u);
}

TEST_F(GeneratorTest, CancellationWithinAStepEndsIt) {
  CancelFlag cancel;
  int steps = 0;
  toyState().onReplay = [&] {
    if (++steps == 4) {
      cancel.set();
    }
  };
  Session session(*model_);
  GenerateResult result = run({.prompt = {1}, .ignoreEos = true, .session = &session}, {}, &cancel);
  EXPECT_EQ(result.reason, FinishReason::cancelled);
  EXPECT_EQ(result.tokens.size(), 3u);
  EXPECT_EQ(session.length(), 3u) << "the third token was not evaluated";
}

TEST_F(GeneratorTest, CancellationEndsWaitingRequestsToo) {
  CancelFlag cancel;
  cancel.set();
  std::vector<GenerateRequest> requests(6, {.prompt = {1}});
  for (const GenerateResult &result : Generator(*model_, nullptr).generate(requests, {}, &cancel)) {
    EXPECT_EQ(result.reason, FinishReason::cancelled);
  }
}

TEST_F(GeneratorTest, AFailingStepEndsItsRequestsWithTheReason) {
  toyState().failAfter = 2;
  Session session(*model_);
  GenerateResult result = run({.prompt = {1, 4}, .ignoreEos = true, .session = &session});
  EXPECT_EQ(result.reason, FinishReason::error);
  EXPECT_THAT(result.status.message(), HasSubstr("the toy broke"));
  EXPECT_EQ(result.tokens.size(), 2u);
  EXPECT_EQ(session.length(), 3u);
}

TEST_F(GeneratorTest, RefusesNanLogits) {
  toyState().logits = [](std::span<const int32_t>, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), 0.0f);
    logits[3] = NAN;
  };
  EXPECT_THAT(run({.prompt = {1}}).status.message(), HasSubstr("logit of token 3"));
}

TEST_F(GeneratorTest, AChatTurnReusesTheCommonPrefix) {
  Session session(*model_);
  GenerateResult first =
      run({.prompt = {1, 5, 6}, .maxNewTokens = 4, .minNewTokens = 4, .session = &session});
  EXPECT_EQ(first.reusedTokens, 0u);
  std::vector<int32_t> text = {1, 5, 6};
  for (int32_t id : idsOf(first)) {
    text.push_back(id);
  }
  text.insert(text.end(), {40, 41});
  toyState().steps.clear();
  GenerateResult second = run({.prompt = text, .maxNewTokens = 2, .minNewTokens = 2, .session = &session});
  EXPECT_EQ(second.reusedTokens, 6u) << "all but the last generated token, which was not evaluated";
  EXPECT_EQ(idsOf(second), oracle(text, 2));
  EXPECT_THAT(toyState().steps, ElementsAre("3 rows 1 outputs", "1 rows 1 outputs"));
}

TEST_F(GeneratorTest, RefusesOneSessionForTwoRequests) {
  Session session(*model_);
  std::vector<GenerateRequest> requests(
      2, {.prompt = {1}, .maxNewTokens = 1, .ignoreEos = true, .session = &session});
  auto results = Generator(*model_, nullptr).generate(requests);
  EXPECT_EQ(results[0].reason, FinishReason::length);
  EXPECT_THAT(results[1].status.message(), HasSubstr("the session is in use"));
}

/// With the tokenizer of the model that ships.
class GeneratorTextTest : public testing::Test {
protected:
  static constexpr uint32_t kVocab = 1024;

  void SetUp() override {
    toyState() = {};
    ToyPackage package{.vocabSize = kVocab, .manifest = toyManifest(kVocab), .program = toyProgram(kVocab)};
    writeToyPackage(folder_, package);
    model_ = openToyModel(folder_);
    auto tokenizer =
        openTokenizer(kSentencePieceKind, CRIA_SOURCE_DIR "/examples/stories/model/tokenizer.model");
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    tokenizer_ = std::move(*tokenizer);
  }

  /// Makes the model generate `text`, then EOS, after a prompt of one token.
  void say(const std::string &text) {
    auto ids = tokenizer_->encode(text);
    ASSERT_TRUE(ids.ok());
    std::vector<int32_t> script = {0};
    script.insert(script.end(), ids->begin(), ids->end());
    script.push_back(kEos);
    toyState().logits = scripted(script);
  }

  GenerateResult run(GenerateRequest request, std::string *streamed = nullptr) {
    request.prompt = {1};
    return Generator(*model_, tokenizer_.get()).generate(request, [&](const GenerateEvent &event) {
      if (streamed) {
        *streamed += event.text;
      }
    });
  }

  std::string folder_ = testFolder();
  std::unique_ptr<Model> model_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(GeneratorTextTest, StreamsTheWholeText) {
  say("one fine day \xC3\xA9");
  std::string streamed;
  GenerateResult result = run({.continuesText = false}, &streamed);
  EXPECT_EQ(result.reason, FinishReason::eos);
  EXPECT_EQ(result.text, "one fine day \xC3\xA9");
  EXPECT_EQ(streamed, result.text);
}

TEST_F(GeneratorTextTest, AContinuationKeepsItsLeadingSpace) {
  say("day");
  EXPECT_EQ(run({}).text, " day");
}

TEST_F(GeneratorTextTest, StopsBeforeAStopTextAcrossTokens) {
  say("one fine day. The end");
  std::string streamed;
  GenerateResult result = run({.stopTexts = {"day. T", "zebra"}, .continuesText = false}, &streamed);
  EXPECT_EQ(result.reason, FinishReason::stop);
  EXPECT_EQ(result.stopText, "day. T");
  EXPECT_EQ(result.text, "one fine ");
  EXPECT_EQ(streamed, "one fine ");
}

TEST_F(GeneratorTextTest, AStopTextMayContainTheNameOfAToken) {
  say("one fine day");
  GenerateResult result = run({.ignoreEos = true, .stopTexts = {"day</s>"}, .continuesText = false});
  EXPECT_EQ(result.reason, FinishReason::stop);
  EXPECT_EQ(result.stopText, "day</s>");
  EXPECT_EQ(result.text, "one fine ");
}

TEST_F(GeneratorTextTest, NoStopTextEndsTheTextBeforeTheMinimum) {
  say("one fine day one fine");
  const size_t minimum = tokenizer_->encode("one fine day")->size();
  GenerateResult result =
      run({.minNewTokens = static_cast<uint32_t>(minimum), .stopTexts = {"fine"}, .continuesText = false});
  EXPECT_EQ(result.reason, FinishReason::stop);
  EXPECT_EQ(result.text, "one fine day one ");
}

TEST_F(GeneratorTextTest, WhatWasHeldBackComesAtTheEnd) {
  say("one fine day");
  std::string streamed;
  GenerateResult result = run({.stopTexts = {"day and night"}, .continuesText = false}, &streamed);
  EXPECT_EQ(result.reason, FinishReason::eos);
  EXPECT_EQ(result.text, "one fine day");
  EXPECT_EQ(streamed, "one fine day");
}

} // namespace
} // namespace cria::test
