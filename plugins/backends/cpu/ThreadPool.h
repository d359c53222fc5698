// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Persistent worker threads, which run the workgroups of one dispatch at a time together with the calling
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace cria::cpu {

/// Independent items of work, which run in any order on any thread. `run` processes items first ..
/// first+count-1 on thread `worker` (0: the caller of forEach).
struct Job {
  void (*run)(const void *state, uint32_t worker, uint32_t first, uint32_t count) = nullptr;
  const void *state = nullptr;
  uint32_t numItems = 0; // at most kMaxItems
};

/// Not thread-safe; callers of wakeUp() and forEach() serialize.
class ThreadPool {
public:
  static constexpr uint32_t kItemBits = 28;
  static constexpr uint32_t kMaxItems = (1u << kItemBits) - 1;

  /// Starts numThreads - 1 workers; the caller of forEach is the remaining thread. Errors: throws
  /// std::system_error if a thread cannot be started.
  explicit ThreadPool(uint32_t numThreads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  uint32_t numThreads() const { return static_cast<uint32_t>(workers_.size()) + 1; }

  /// Wakes the sleeping workers, which then spin for some microseconds, waiting for work, before they sleep
  /// again.
  void wakeUp();

  /// Runs all items of `job` on the workers and the caller, and returns when all are done. A single item runs
  /// on the caller.
  void forEach(const Job &job);

private:
  void stop();
  void work(uint32_t worker);
  void publish(uint32_t numItems);
  uint64_t awaitNext(uint64_t seen);
  uint64_t sleepUntilNext(uint64_t seen);
  void takeItems(uint32_t worker);

  // The generation of the job and the number of unclaimed items. On its own cache line, as is `unfinished_`.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> unfinished_{0}; // items, claimed or not, whose run has not returned
  // Written only while there are no unclaimed items, read only by threads that have claimed one.
  alignas(64) Job job_;
  uint32_t threads_ = 1;

  alignas(64) std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

} // namespace cria::cpu
