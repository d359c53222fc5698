// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Persistent worker threads that share the workgroups of one dispatch at a time with the calling thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace cria::cpu {

/// Work that can be done in any order, by any thread. `run` handles items first .. first+count-1 as thread
/// `worker` (0: the caller of forEach).
struct Job {
  void (*run)(const void *state, uint32_t worker, uint32_t first, uint32_t count) = nullptr;
  const void *state = nullptr;
  uint32_t numItems = 0; // at most kMaxItems
};

/// Threads: wakeUp() and forEach() by one thread at a time.
class ThreadPool {
public:
  static constexpr uint32_t kItemBits = 28;
  static constexpr uint32_t kMaxItems = (1u << kItemBits) - 1;

  /// numThreads counts the caller; numThreads - 1 workers are started. Throws std::system_error when one
  /// cannot be.
  explicit ThreadPool(uint32_t numThreads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  uint32_t numThreads() const { return static_cast<uint32_t>(workers_.size()) + 1; }

  /// Lets sleeping workers get ready: they then look out for work for some microseconds before they sleep
  /// again.
  void wakeUp();

  /// Runs all items of `job`, with the caller taking part, and returns when every one is done. A single item
  /// is run by the caller alone.
  void forEach(const Job &job);

private:
  void stop();
  void work(uint32_t worker);
  void publish(uint32_t numItems);
  uint64_t awaitNext(uint64_t seen);
  uint64_t sleepUntilNext(uint64_t seen);
  void takeItems(uint32_t worker);

  // Generation of the job, and how many of its items nobody has taken. On a cache line of its own, like
  // `unfinished_`.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> unfinished_{0}; // items taken or not, whose run has not returned
  // Written while no item is left to take, read only by who has taken one.
  alignas(64) Job job_;
  uint32_t threads_ = 1;

  alignas(64) std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

} // namespace cria::cpu
