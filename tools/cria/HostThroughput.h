// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput of this machine: reads of memory, and multiply-adds in a class of activations.
#pragma once

#include "PeakThroughput.h"
#include "ProductRate.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cria::cli {

/// Each measurement takes tens of milliseconds. Holds a buffer much larger than any cache. Not thread-safe.
class HostThroughput final : public PeakThroughput {
public:
  /// numThreads: at least 1. activations: the class whose products are measured.
  HostThroughput(uint32_t numThreads, ActivationClass activations);

  PeakOf whose() const override { return PeakOf::host; }
  StatusOr<PeakSample> measure() override { return PeakSample{readBandwidth(), productRate()}; }
  std::string_view products() const override { return productsOf(activations_); }

  /// Bytes per second that all threads read with the best of several access patterns: one or four streams per
  /// thread, with prefetching, in huge pages.
  double readBandwidth();
  /// Operations per second of all threads, on registers. A multiply-add counts as two.
  double productRate();

private:
  uint32_t numThreads_;
  ActivationClass activations_;
  size_t bytesPerThread_;
  std::unique_ptr<float[], void (*)(void *)> buffer_; // page-aligned, from aligned_alloc
};

} // namespace cria::cli
