// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads use GCC's generic vectors: the functions are compiled for several instruction sets, and the loader
// selects one.
#include "HostThroughput.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <new>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace cria::cli {
namespace {

#if defined(__x86_64__)
#define CRIA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CRIA_CLONES __attribute__((noinline))
#endif

constexpr size_t kLanes = 16;
constexpr size_t kBufferBytes = size_t{256} << 20;
constexpr size_t kPageBytes = 4096;
constexpr size_t kHugePageBytes = size_t{2} << 20;
constexpr size_t kStreams = 4;
constexpr size_t kPrefetchFloats = 512;           // 2 KiB ahead
constexpr size_t kBlockFloats = size_t{64} << 10; // 256 KiB
constexpr int kPasses = 3;                        // best of 3, to exclude interference
constexpr uint64_t kRounds = 10'000'000;          // tens of milliseconds, until clocks settle
constexpr uint64_t kProbeRounds = 100'000;        // enough to tell which vectors are the fastest

typedef int32_t Bits __attribute__((vector_size(kLanes * sizeof(int32_t)), aligned(64)));

/// Adds integers, so that float arithmetic does not limit the reads.
CRIA_CLONES int32_t readOneStream(const float *data, size_t count) {
  Bits sums[4] = {};
  for (size_t i = 0; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (size_t j = 0; j < 4; ++j) {
      const float *place = data + i + j * kLanes;
      __builtin_prefetch(place + kPrefetchFloats);
      sums[j] += *reinterpret_cast<const Bits *>(place);
    }
  }
  const Bits sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0] + sum[kLanes - 1];
}

CRIA_CLONES int32_t readFourStreams(const float *data, size_t count) {
  const size_t part = count / kStreams / kLanes * kLanes;
  Bits sums[kStreams] = {};
  for (size_t i = 0; i + kLanes <= part; i += kLanes) {
    for (size_t stream = 0; stream < kStreams; ++stream) {
      const float *place = data + stream * part + i;
      __builtin_prefetch(place + kPrefetchFloats);
      sums[stream] += *reinterpret_cast<const Bits *>(place);
    }
  }
  const Bits sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0] + sum[kLanes - 1];
}

/// Reads blocks in order, with four streams inside each: distant streams would cost address translations.
int32_t readBlocks(const float *data, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i + kBlockFloats <= count; i += kBlockFloats) {
    sum += readFourStreams(data + i, kBlockFloats);
  }
  return sum;
}

/// The time in seconds from when all threads have started until all have finished.
double timeThreads(uint32_t numThreads, const std::function<void(uint32_t)> &work) {
  std::atomic<uint32_t> ready = 0;
  std::vector<std::chrono::steady_clock::time_point> ends(numThreads);
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < numThreads; ++thread) {
    threads.emplace_back([&, thread] {
      ++ready;
      while (!go) {
      }
      work(thread);
      ends[thread] = std::chrono::steady_clock::now();
    });
  }
  while (ready != numThreads) {
  }
  const auto start = std::chrono::steady_clock::now();
  go = true;
  for (std::thread &thread : threads) {
    thread.join();
  }
  return std::chrono::duration<double>(*std::max_element(ends.begin(), ends.end()) - start).count();
}

std::atomic<int32_t> sink; // keeps the compiler from removing the loops

/// Operations per second.
double rateOf(const ProductLoop &loop, uint64_t rounds, uint32_t numThreads) {
  const double seconds =
      timeThreads(numThreads, [&](uint32_t) { sink += static_cast<int32_t>(loop.run(rounds, 0.5f)); });
  return static_cast<double>(rounds) * loop.operationsPerRound * numThreads / seconds;
}

/// Which vectors are the fastest differs between processors.
ProductLoop fastestOf(const std::vector<ProductLoop> &loops) {
  std::vector<double> rates(loops.size(), 0);
  for (int pass = 0; pass < kPasses; ++pass) {
    for (size_t i = 0; i < rates.size(); ++i) {
      rates[i] = std::max(rates[i], rateOf(loops[i], kProbeRounds, 1));
    }
  }
  return loops[static_cast<size_t>(std::ranges::max_element(rates) - rates.begin())];
}

} // namespace

HostThroughput::HostThroughput(uint32_t numThreads, ActivationClass activations)
    : numThreads_(numThreads), activations_(activations),
      bytesPerThread_(kBufferBytes / numThreads / kPageBytes * kPageBytes),
      buffer_(static_cast<float *>(std::aligned_alloc(kHugePageBytes, kBufferBytes)), std::free) {
  if (buffer_ == nullptr) {
    throw std::bad_alloc();
  }
#if defined(__linux__)
  // Small pages cost a sixth of the bandwidth. The advice to use huge pages is best effort.
  (void)madvise(buffer_.get(), kBufferBytes, MADV_HUGEPAGE);
#endif
  std::fill_n(buffer_.get(), kBufferBytes / sizeof(float), 1.0f);
}

double HostThroughput::readBandwidth() {
  const size_t count = bytesPerThread_ / sizeof(float);
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const auto read : {readOneStream, readFourStreams, readBlocks}) {
      const double seconds = timeThreads(
          numThreads_, [&](uint32_t thread) { sink += read(buffer_.get() + thread * count, count); });
      best = std::max(best, static_cast<double>(bytesPerThread_ * numThreads_) / seconds);
    }
  }
  return best;
}

double HostThroughput::productRate() {
  const ProductLoop fastest = fastestOf(productLoops(activations_));
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    best = std::max(best, rateOf(fastest, kRounds, numThreads_));
  }
  return best;
}

} // namespace cria::cli
