// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads claim items by compare-and-swap on (generation, items left). A worker that wakes up late claims
// items of the current job or none; it never accesses a job that has ended, so no job waits for a thread that
// has claimed no item of it.
#include "ThreadPool.h"

#include "support/FloatMode.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cria::cpu {
namespace {

using Clock = std::chrono::steady_clock;

/// Longer than the gap between two dispatches of a step, shorter than the choice of a token.
constexpr auto kSpinTime = std::chrono::microseconds(50);
/// Spins between two reads of the clock: about a microsecond.
constexpr uint32_t kSpinsPerLook = 16;
/// Number of times that the caller spins for the last items before it yields. With more threads than
/// processors, a worker with an unfinished item may be waiting for the caller's processor.
constexpr uint32_t kSpinsBeforeYield = 1000;
/// A thread claims 1 / (kShares · threads) of the remaining items, at least one: long contiguous runs first,
/// and short ones at the end to balance threads of different speed.
constexpr uint32_t kShares = 2;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  __asm__ volatile("yield");
#endif
}

uint32_t itemsLeft(uint64_t ticket) { return static_cast<uint32_t>(ticket) & ThreadPool::kMaxItems; }
uint64_t generation(uint64_t ticket) { return ticket >> ThreadPool::kItemBits; }

/// Blocks signals, which the host's threads handle, while workers are created: a new thread inherits the
/// signal mask of its creator.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) { // delivered to the thread that causes them
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked &) = delete;
  SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
  sigset_t before_{};
};

} // namespace

ThreadPool::ThreadPool(uint32_t numThreads) : threads_(numThreads) {
  const SignalsBlocked duringCreation;
  try {
    for (uint32_t worker = 1; worker < numThreads; ++worker) {
      workers_.emplace_back([this, worker] { work(worker); });
    }
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_.store(true);
  publish(0);
  for (std::thread &worker : workers_) {
    worker.join();
  }
}

void ThreadPool::wakeUp() {
  if (!workers_.empty()) {
    publish(0);
  }
}

void ThreadPool::forEach(const Job &job) {
  if (workers_.empty() || job.numItems < 2) {
    job.run(job.state, 0, 0, job.numItems);
    return;
  }
  job_ = job;
  unfinished_.store(job.numItems, std::memory_order_relaxed);
  publish(job.numItems);
  takeItems(0);
  for (uint32_t spins = 0; unfinished_.load(std::memory_order_acquire) != 0; ++spins) {
    if (spins < kSpinsBeforeYield) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

/// The order of the accesses to ticket_ and sleepers_ matters in both threads: either the caller sees the
/// sleeper, or the sleeper sees the new generation.
void ThreadPool::publish(uint32_t numItems) {
  const uint64_t next = generation(ticket_.load(std::memory_order_relaxed)) + 1;
  ticket_.store(next << kItemBits | numItems, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0) {
    {
      const std::lock_guard lock(mutex_);
    }
    wake_.notify_all();
  }
}

void ThreadPool::takeItems(uint32_t worker) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (const uint32_t left = itemsLeft(ticket)) {
    const uint32_t count = std::max(1u, left / (kShares * threads_));
    if (!ticket_.compare_exchange_weak(ticket, ticket - count, std::memory_order_acquire)) {
      continue; // `ticket` has been reloaded
    }
    job_.run(job_.state, worker, job_.numItems - left, count);
    unfinished_.fetch_sub(count, std::memory_order_release);
    ticket = ticket_.load(std::memory_order_acquire);
  }
}

void ThreadPool::work(uint32_t worker) {
  const FloatMode floatMode;
  uint64_t seen = 0;
  while (!stopping_.load()) {
    seen = awaitNext(seen);
    takeItems(worker);
  }
}

/// Returns the first generation after `seen`.
uint64_t ThreadPool::awaitNext(uint64_t seen) {
  const auto deadline = Clock::now() + kSpinTime;
  do {
    for (uint32_t i = 0; i < kSpinsPerLook; ++i) {
      const uint64_t now = generation(ticket_.load(std::memory_order_acquire));
      if (now != seen) {
        return now;
      }
      relax();
    }
  } while (Clock::now() < deadline);
  return sleepUntilNext(seen);
}

uint64_t ThreadPool::sleepUntilNext(uint64_t seen) {
  std::unique_lock lock(mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  uint64_t now = seen;
  wake_.wait(lock, [&] {
    now = generation(ticket_.load(std::memory_order_seq_cst));
    return now != seen;
  });
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  return now;
}

} // namespace cria::cpu
