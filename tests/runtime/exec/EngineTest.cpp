// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Engine: compares requests of many threads with single runs; order of events, submitting and cancelling in
// onEvent, drain, and destruction with unfinished requests. Also runs under ThreadSanitizer.
#include "tests/runtime/exec/EngineFixture.h"

#include "runtime/exec/Session.h"
#include "runtime/plugin/PluginRegistry.h"
#include "runtime/plugin/SamplerChain.h"

#include <atomic>
#include <gmock/gmock.h>
#include <latch>

namespace cria::test {
namespace {

using testing::HasSubstr;

TEST_F(EngineTest, RequestsOfManyThreadsGiveWhatEachGivesAlone) {
  const std::vector<GenerateResult> expected = runAllAlone();
  std::vector<Recorder> recorders(expected.size());
  {
    Engine engine(*model_, nullptr);
    std::vector<std::jthread> threads;
    for (uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (uint32_t i = t * kRequests; i < (t + 1) * kRequests; ++i) {
          engine.submit(requestOf(i), recorders[i].callback());
        }
        engine.drain();
        for (uint32_t i = t * kRequests; i < (t + 1) * kRequests; ++i) {
          EXPECT_TRUE(recorders[i].hasEnded());
        }
      });
    }
  }
  for (size_t i = 0; i < recorders.size(); ++i) {
    SCOPED_TRACE(i);
    expectEqual(recorders[i].result(), expected[i]);
    EXPECT_EQ(recorders[i].streamed(), idsOf(expected[i]));
  }
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

// The text that is delivered before a cancellation is a prefix of the text of the request alone.
TEST_F(EngineTest, ThreadsThatCancelLeaveTheOthersAsTheyWere) {
  const std::vector<GenerateResult> expected = runAllAlone();
  std::vector<Recorder> recorders(expected.size());
  Engine engine(*model_, nullptr);
  std::latch started(kThreads);
  auto work = [&](uint32_t thread) {
    started.arrive_and_wait();
    for (uint32_t i = thread; i < recorders.size(); i += kThreads) {
      RequestHandle handle = engine.submit(requestOf(i), recorders[i].callback());
      if (i % 3 == 0) {
        engine.cancel(handle);
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back(work, t);
    }
  }
  engine.drain();
  for (size_t i = 0; i < recorders.size(); ++i) {
    SCOPED_TRACE(i);
    ASSERT_TRUE(recorders[i].hasEnded());
    if (recorders[i].result().reason != FinishReason::cancelled) {
      expectEqual(recorders[i].result(), expected[i]);
      continue;
    }
    EXPECT_EQ(i % 3, 0u);
    std::vector<int32_t> whole = idsOf(expected[i]);
    std::vector<int32_t> part = idsOf(recorders[i].result());
    ASSERT_LE(part.size(), whole.size());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin()));
  }
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

TEST_F(EngineTest, RequestsSubmittedTogetherShareTheirSteps) {
  const GenerateRequest request = {.prompt = {1, 2}, .maxNewTokens = 1};
  std::vector<Submission> submissions(3, Submission{.request = request, .onEvent = {}});
  Engine engine(*model_, nullptr);
  EXPECT_EQ(engine.submit(submissions), (std::vector<RequestHandle>{1, 2, 3}));
  engine.drain();
  EXPECT_THAT(toyState().steps, testing::ElementsAre("6 rows 3 outputs"));
}

TEST_F(EngineTest, EventsNameTheirRequest) {
  std::vector<RequestHandle> named;
  Engine engine(*model_, nullptr);
  RequestHandle handle = engine.submit({.prompt = {1}, .maxNewTokens = 2, .minNewTokens = 2},
                                       [&](const GenerateEvent &event) { named.push_back(event.request); });
  engine.drain();
  EXPECT_EQ(named, std::vector<RequestHandle>(3, handle));
}

TEST_F(EngineTest, OnEventMaySubmit) {
  Recorder second;
  Engine engine(*model_, nullptr);
  engine.submit({.prompt = {1}, .maxNewTokens = 1}, [&](const GenerateEvent &event) {
    if (event.result) {
      engine.submit(requestOf(1), second.callback());
    }
  });
  engine.drain(); // waits for the first, which has submitted the second when it ends
  engine.drain();
  ASSERT_TRUE(second.hasEnded());
  EXPECT_EQ(idsOf(second.result()), idsOf(runAlone(requestOf(1))));
}

// A conversation: each turn continues the session of the previous turn.
TEST_F(EngineTest, OnEventMayContinueItsSession) {
  Session session(*model_);
  GenerateRequest request = {.prompt = {1}, .maxNewTokens = 2, .minNewTokens = 2, .session = &session};
  Recorder second;
  Engine engine(*model_, nullptr);
  engine.submit(request, [&](const GenerateEvent &event) {
    if (event.result) {
      request.prompt.push_back(event.result->tokens[0].id);
      request.prompt.push_back(7);
      engine.submit(request, second.callback());
    }
  });
  engine.drain();
  engine.drain();
  EXPECT_EQ(second.result().reason, FinishReason::length) << second.result().status.message();
  EXPECT_EQ(second.result().reusedTokens, 2u);
}

TEST_F(EngineTest, OnEventMayCancelItsOwnRequestAndOthers) {
  Recorder other;
  size_t delivered = 0;
  FinishReason reason = FinishReason::none;
  Engine engine(*model_, nullptr);
  RequestHandle otherHandle =
      engine.submit({.prompt = {1}, .minNewTokens = 20, .ignoreEos = false}, other.callback());
  engine.submit({.prompt = {2}, .minNewTokens = 20}, [&](const GenerateEvent &event) {
    if (event.token && ++delivered == 3) {
      engine.cancel(event.request);
      engine.cancel(otherHandle);
    }
    reason = event.result ? event.result->reason : reason;
  });
  engine.drain();
  EXPECT_EQ(delivered, 3u);
  EXPECT_EQ(reason, FinishReason::cancelled);
  EXPECT_NE(other.result().reason, FinishReason::none);
}

TEST_F(EngineTest, CancellingEndsTheRunningStepWhenNothingElseIsInIt) {
  Engine *engine = nullptr;
  RequestHandle handle = 0;
  std::latch submitted(1);
  toyState().onReplay = [&] {
    submitted.wait();
    engine->cancel(handle);
  };
  Session session(*model_);
  Recorder recorder;
  Engine started(*model_, nullptr);
  engine = &started;
  handle = started.submit({.prompt = {1, 2, 3}, .session = &session}, recorder.callback());
  submitted.count_down();
  started.drain();
  EXPECT_EQ(recorder.result().reason, FinishReason::cancelled);
  EXPECT_EQ(session.length(), 0u) << "the step did not run to its end";
}

TEST_F(EngineTest, CancellingOneOfTwoLeavesTheStepRunning) {
  Engine *engine = nullptr;
  std::vector<RequestHandle> handles;
  std::latch submitted(1);
  toyState().onReplay = [&] {
    submitted.wait();
    engine->cancel(handles[0]);
  };
  Recorder first, second;
  const GenerateRequest request = {.prompt = {1, 2, 3}, .maxNewTokens = 4, .minNewTokens = 4};
  Engine started(*model_, nullptr);
  engine = &started;
  handles = started.submit({{request, first.callback()}, {request, second.callback()}});
  submitted.count_down();
  started.drain();
  EXPECT_EQ(first.result().reason, FinishReason::cancelled);
  EXPECT_EQ(second.result().reason, FinishReason::length);
}

TEST_F(EngineTest, CancellingWhatHasEndedDoesNothing) {
  Engine engine(*model_, nullptr);
  RequestHandle handle = engine.submit({.prompt = {1}, .maxNewTokens = 1}, {});
  engine.drain();
  engine.cancel(handle);
  engine.cancel(0);
  engine.cancel(handle + 100);
  engine.drain();
}

TEST_F(EngineTest, AFlagCancelsTheRequestsThatHaveIt) {
  CancelFlag flag;
  flag.set();
  Recorder with, without;
  Engine engine(*model_, nullptr);
  engine.submit({.prompt = {1}, .cancel = &flag}, with.callback());
  engine.submit({.prompt = {1}, .maxNewTokens = 2, .minNewTokens = 2}, without.callback());
  engine.drain();
  EXPECT_EQ(with.result().reason, FinishReason::cancelled);
  EXPECT_EQ(without.result().reason, FinishReason::length);
}

TEST_F(EngineTest, BadRequestsEndAloneWithAnError) {
  Recorder bad, good;
  Engine engine(*model_, nullptr);
  engine.submit({.prompt = {}}, bad.callback());
  engine.submit({.prompt = {1}, .maxNewTokens = 2, .minNewTokens = 2}, good.callback());
  engine.drain();
  EXPECT_EQ(bad.result().reason, FinishReason::error);
  EXPECT_EQ(bad.result().status.message(), engine.check({.prompt = {}}).message());
  EXPECT_EQ(good.result().reason, FinishReason::length);
}

TEST_F(EngineTest, RefusesASessionThatIsInUse) {
  Session session(*model_);
  const GenerateRequest request = {.prompt = {1}, .maxNewTokens = 2, .minNewTokens = 2, .session = &session};
  Recorder first, second;
  Engine engine(*model_, nullptr);
  engine.submit({{request, first.callback()}, {request, second.callback()}});
  engine.drain();
  EXPECT_EQ(first.result().reason, FinishReason::length);
  EXPECT_THAT(second.result().status.message(), HasSubstr("the session is in use"));
}

TEST_F(EngineTest, RefusesASamplerThatIsInUse) {
  auto registry =
      PluginRegistry::create({.folders = {CRIA_BINARY_DIR "/plugins"}, .environment = {}, .executable = {}});
  ASSERT_TRUE(registry.ok()) << registry.status().message();
  const cria_vocabulary vocabulary = {.struct_size = sizeof(cria_vocabulary), .size = kToyVocab};
  auto chain = SamplerChain::create(**registry, "", vocabulary);
  ASSERT_TRUE(chain.ok()) << chain.status().message();
  const GenerateRequest request = {.prompt = {1},
                                   .maxNewTokens = 2,
                                   .minNewTokens = 2,
                                   .sampler = std::make_shared<SamplerChain>(std::move(*chain))};
  Recorder first, second, third;
  Engine engine(*model_, nullptr);
  engine.submit({{request, first.callback()}, {request, second.callback()}});
  engine.drain();
  EXPECT_EQ(first.result().reason, FinishReason::length);
  EXPECT_THAT(second.result().status.message(), HasSubstr("the sampler is in use"));
  engine.submit(request, third.callback());
  engine.drain();
  EXPECT_EQ(third.result().reason, FinishReason::length);
}

TEST_F(EngineTest, ExhaustedMemoryEndsTheRequestsAndNotTheProcess) {
  Engine engine(*model_, nullptr);
  Recorder other;
  GenerateResult result;
  auto exhaust = [&](const GenerateEvent &event) {
    if (event.result) {
      result = *event.result;
    } else {
      throw std::bad_alloc();
    }
  };
  engine.submit({{{.prompt = {1}, .maxNewTokens = 4}, exhaust}, {requestOf(1), other.callback()}});
  engine.drain();
  EXPECT_EQ(result.status.code(), StatusCode::outOfMemory);
  EXPECT_EQ(other.result().status.code(), StatusCode::outOfMemory);
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
  expectEqual(runAlone(requestOf(2)), runAlone(requestOf(2)));
}

TEST_F(EngineTest, DestructionCancelsAndDeliversTheLastEvents) {
  std::vector<Recorder> recorders(9);
  RequestHandle late = 1;
  std::latch running(1);
  {
    Engine engine(*model_, nullptr);
    toyState().onReplay = [&, first = true]() mutable {
      if (std::exchange(first, false)) {
        running.count_down();
      }
    };
    engine.submit({.prompt = {1}, .ignoreEos = true}, [&](const GenerateEvent &event) {
      if (event.result && event.result->reason == FinishReason::cancelled) {
        late = engine.submit({.prompt = {1}}, {});
      }
    });
    for (Recorder &recorder : recorders) {
      engine.submit({.prompt = {1}, .ignoreEos = true}, recorder.callback());
    }
    running.wait();
  }
  for (const Recorder &recorder : recorders) {
    EXPECT_TRUE(recorder.hasEnded());
  }
  EXPECT_LE(late, 1u) << "an engine that is being destroyed takes no request";
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

// There is an unfinished request at every moment: each one submits the next before it has ended.
TEST_F(EngineTest, DrainDoesNotWaitForWhatComesLater) {
  std::atomic<bool> goesOn = true;
  GenerateCallback submitNext; // outlives the engine, which calls it until it is destroyed
  Engine engine(*model_, nullptr);
  submitNext = [&](const GenerateEvent &event) {
    if (event.result && goesOn) {
      engine.submit({.prompt = {1}, .maxNewTokens = 1}, submitNext);
    }
  };
  engine.submit({.prompt = {1}, .maxNewTokens = 1}, submitNext);
  engine.drain();
  goesOn = false;
}

TEST_F(EngineTest, DrainsWhenIdle) {
  Engine engine(*model_, nullptr);
  engine.drain();
}

} // namespace
} // namespace cria::test
