// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput of this machine: reads of memory, and f32 multiply-adds.
#pragma once

#include "PeakThroughput.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cria::cli {

/// Probes of tens of milliseconds each. Holds a buffer much larger than any cache. Threads: one at a time.
class HostThroughput final : public PeakThroughput {
public:
  /// numThreads: at least 1.
  explicit HostThroughput(uint32_t numThreads);

  PeakOf whose() const override { return PeakOf::host; }
  StatusOr<PeakSample> measure() override { return PeakSample{readBandwidth(), fmaRate()}; }

  /// Bytes a second read by all threads with the best of several access patterns: one stream or four streams
  /// a thread, with prefetching, in huge pages.
  double readBandwidth();
  /// f32 operations a second (a fused multiply-add counts two) of all threads, from registers.
  double fmaRate();

private:
  uint32_t numThreads_;
  size_t bytesPerThread_;
  std::unique_ptr<float[], void (*)(void *)> buffer_; // page-aligned, from aligned_alloc
};

} // namespace cria::cli
