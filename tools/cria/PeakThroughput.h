// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput of the hardware that a model runs on, the two roofs of a roofline model. It is measured
// in the same run as the steps that are compared with it.
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

/// One measurement; a member that is not measured is empty.
struct PeakSample {
  std::optional<double> bandwidth; // bytes per second
  std::optional<double> compute;   // operations per second, on what products() states
};

/// Not thread-safe.
class PeakThroughput {
public:
  virtual ~PeakThroughput() = default;
  virtual PeakOf whose() const = 0;
  /// What the arithmetic that is measured multiplies: "f32", "int8" or "bf16".
  virtual std::string_view products() const { return "f32"; }
  /// Measures for tens of milliseconds. Errors: those of the device.
  virtual StatusOr<PeakSample> measure() = 0;
};

/// Measures the device if the backend of the model has memory that the host cannot access, else the host.
/// device: the one that the model runs on; numThreads: of the host, at least 1. The opened model outlives the
/// result. Errors: those of opening the device.
StatusOr<std::unique_ptr<PeakThroughput>> openPeakThroughput(const LoadedModel &opened, uint32_t device,
                                                             uint32_t numThreads);

} // namespace cria::cli
