// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The thread pool: many small jobs in a row, idle times in between, uneven items, more threads than
// processors.
#include "plugins/backends/cpu/ThreadPool.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>

using cria::cpu::Job;
using cria::cpu::ThreadPool;
using testing::Each;

namespace {

struct Counts {
  std::vector<uint32_t> perItem; // each item has one writer per job
  std::vector<uint32_t> perWorker;
};

void countItems(const void *state, uint32_t worker, uint32_t first, uint32_t count) {
  auto &counts = *static_cast<Counts *>(const_cast<void *>(state));
  for (uint32_t i = first; i < first + count; ++i) {
    ++counts.perItem[i];
  }
  counts.perWorker[worker] += count;
}

class ThreadPoolCounts : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(All, ThreadPoolCounts, testing::Values(1, 2, 3, 8),
                         testing::PrintToStringParamName());

TEST_P(ThreadPoolCounts, RunsEachItemOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.numThreads(), GetParam());
  for (uint32_t numItems = 1; numItems < 200; ++numItems) {
    Counts counts{std::vector<uint32_t>(numItems, 0), std::vector<uint32_t>(GetParam(), 0)};
    for (int repetition = 0; repetition < 10; ++repetition) {
      pool.forEach({countItems, &counts, numItems});
    }
    ASSERT_THAT(counts.perItem, Each(10u));
    ASSERT_EQ(std::accumulate(counts.perWorker.begin(), counts.perWorker.end(), 0u), numItems * 10);
  }
}

TEST_P(ThreadPoolCounts, WakesSleepingWorkers) {
  ThreadPool pool(GetParam());
  Counts counts{std::vector<uint32_t>(100, 0), std::vector<uint32_t>(GetParam(), 0)};
  for (uint32_t repetition = 0; repetition < 20; ++repetition) {
    std::this_thread::sleep_for(std::chrono::microseconds(200)); // longer than workers look out for work
    pool.wakeUp();
    pool.forEach({countItems, &counts, 100});
  }
  EXPECT_THAT(counts.perItem, Each(20u));
}

TEST(ThreadPool, RunsASingleItemOnTheCaller) {
  ThreadPool pool(3);
  std::thread::id runner;
  const auto run = [](const void *state, uint32_t worker, uint32_t, uint32_t) {
    EXPECT_EQ(worker, 0u);
    *static_cast<std::thread::id *>(const_cast<void *>(state)) = std::this_thread::get_id();
  };
  pool.forEach({run, &runner, 1});
  EXPECT_EQ(runner, std::this_thread::get_id());
}

// With one item blocked until another thread has run the rest, the job ends only if workers really take part.
TEST(ThreadPool, SharesAJobAmongThreads) {
  ThreadPool pool(2);
  std::atomic<uint32_t> done{0};
  const auto run = [](const void *state, uint32_t, uint32_t first, uint32_t count) {
    auto &finished = *static_cast<std::atomic<uint32_t> *>(const_cast<void *>(state));
    for (uint32_t i = first; i < first + count; ++i) {
      if (i == 0) {
        while (finished.load() == 0) {
          std::this_thread::yield();
        }
      }
      finished.fetch_add(1);
    }
  };
  pool.forEach({run, &done, 2});
  EXPECT_EQ(done.load(), 2u);
}

TEST(ThreadPool, StopsWithoutEverHavingWorked) {
  for (uint32_t i = 0; i < 20; ++i) {
    auto pool = std::make_unique<ThreadPool>(4);
    ASSERT_EQ(pool->numThreads(), 4u);
    pool.reset(); // returns: no thread waits for work that never comes
    EXPECT_EQ(pool, nullptr);
  }
}

} // namespace
