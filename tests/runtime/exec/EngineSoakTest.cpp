// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Soak: one engine serves several threads for CRIA_SOAK_SECONDS (1 unless set). Requests that are not
// cancelled give the same bits as alone, and after every round all KV pages are free.
#include "tests/runtime/exec/EngineFixture.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

namespace cria::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kMaxGrowth = uint64_t(16) << 20; // bytes

std::chrono::seconds duration() {
  const char *stated = std::getenv("CRIA_SOAK_SECONDS");
  return std::chrono::seconds(stated == nullptr ? 1 : std::stol(stated));
}

/// The resident memory of this process in bytes.
uint64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

class EngineSoak : public EngineTest {
protected:
  void SetUp() override {
    EngineTest::SetUp();
    expected_ = runAllAlone();
  }

  /// Submits `count` requests, some of which it cancels sooner or later, and checks the results.
  void serve(Engine &engine, uint32_t seed, uint32_t count) const {
    std::mt19937 random(seed);
    std::vector<Recorder> recorders(count);
    std::vector<uint32_t> requests(count);
    std::vector<RequestHandle> handles;
    for (uint32_t i = 0; i < count; ++i) {
      requests[i] = static_cast<uint32_t>(random() % expected_.size());
      handles.push_back(engine.submit(requestOf(requests[i]), recorders[i].callback()));
      if (random() % 4 == 0) {
        engine.cancel(handles[random() % handles.size()]);
      }
    }
    engine.drain();
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_TRUE(recorders[i].hasEnded());
      if (recorders[i].result().reason != FinishReason::cancelled) {
        expectEqual(recorders[i].result(), expected_[requests[i]]);
      }
    }
  }

  void round(Engine &engine, uint32_t seed) const {
    std::vector<std::jthread> threads;
    for (uint32_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, &engine, seed, t] { serve(engine, seed * kThreads + t, kRequests); });
    }
  }

  std::vector<GenerateResult> expected_; // of requestOf(0), requestOf(1), ...
};

TEST_F(EngineSoak, ServesForALongTime) {
  const Clock::time_point end = Clock::now() + duration();
  Engine engine(*model_, nullptr);
  uint64_t settledBytes = 0;
  uint32_t rounds = 0;
  for (; rounds < 20 || Clock::now() < end; ++rounds) {
    ASSERT_NO_FATAL_FAILURE(round(engine, rounds));
    ASSERT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages()) << "round " << rounds;
    settledBytes = rounds == 10 ? residentBytes() : settledBytes;
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they keep freed memory
  EXPECT_LT(residentBytes(), settledBytes + kMaxGrowth);
#endif
  RecordProperty("rounds", static_cast<int>(rounds));
}

} // namespace
} // namespace cria::test
