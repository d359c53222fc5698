// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput of the hardware that a model runs on, measured in the same run as what is compared with
// it: the two roofs of a roofline model.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace cria {
class LoadedModel;
}

namespace cria::cli {

enum class PeakOf {
  host,   // arithmetic of its processors, and reads of its memory
  device, // copies within the memory of a device; its arithmetic is not measured
};

/// One measurement; empty where nothing is measured.
struct PeakSample {
  std::optional<double> bandwidth; // bytes a second
  std::optional<double> compute;   // f32 operations a second
};

/// Threads: one at a time.
class PeakThroughput {
public:
  virtual ~PeakThroughput() = default;
  virtual PeakOf whose() const = 0;
  /// A probe of tens of milliseconds. Errors: those of the device.
  virtual StatusOr<PeakSample> measure() = 0;
};

/// The device's throughput if the model's backend has memory that the host cannot access, else the host's.
/// device: the one the model runs on; numThreads: of the host, at least 1. The opened model outlives the
/// result. Errors: those of opening the device.
StatusOr<std::unique_ptr<PeakThroughput>> openPeakThroughput(const LoadedModel &opened, uint32_t device,
                                                             uint32_t numThreads);

} // namespace cria::cli
