// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model could do at best where it runs, measured in the same run as what is compared with it.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace cria {
class LoadedModel;
}

namespace cria::cli {

enum class LimitsOf {
  host,   // its processor, and reading its memory
  device, // copying within the memory of a device; of its arithmetic no limit is known
};

/// The limits at one time; empty where none is known.
struct LimitSample {
  std::optional<double> bandwidth; // bytes a second
  std::optional<double> compute;   // f32 operations a second
};

/// Threads: one at a time.
class SpeedLimits {
public:
  virtual ~SpeedLimits() = default;
  virtual LimitsOf whose() const = 0;
  /// A probe of tens of milliseconds. Errors: those of the device.
  virtual StatusOr<LimitSample> measure() = 0;
};

/// The device's limits where the model's backend has memory that the host does not see, else the host's.
/// device: the one the model runs on; numThreads: of the host, at least 1. The opened model outlives the
/// limits. Errors: those of opening the device.
StatusOr<std::unique_ptr<SpeedLimits>> openLimits(const LoadedModel &opened, uint32_t device,
                                                  uint32_t numThreads);

} // namespace cria::cli
