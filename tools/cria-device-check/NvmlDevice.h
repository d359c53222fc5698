// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Clocks, power and temperature of a GPU by NVML, the library that nvidia-smi uses. It is opened at run time
// and may be absent.
#pragma once

#include "tools/cria-device-check/NvmlApi.h"

#include <optional>
#include <string>

namespace cria::check {

/// Each value is absent where the library or its function is missing or fails.
struct NvmlReading {
  std::optional<double> smMegahertz, memoryMegahertz, powerWatts, temperatureCelsius;
};

class NvmlDevice {
public:
  /// Opens the library that the environment variable CRIA_NVML names, else libnvidia-ml.so.1. The device is
  /// found by its PCI bus ID, because CUDA may number devices otherwise, and by its number if the ID is
  /// unknown.
  NvmlDevice(const std::optional<std::string> &pciBusId, unsigned number);
  ~NvmlDevice();
  NvmlDevice(const NvmlDevice &) = delete;
  NvmlDevice &operator=(const NvmlDevice &) = delete;

  std::optional<std::string> driverVersion() const;
  NvmlReading read() const;
  /// Returns the highest clocks, and the limit of power.
  NvmlReading limits() const;

private:
  NvmlApi api_;
  bool isOpen_ = false;
  NvmlApi::Device device_ = nullptr;
};

} // namespace cria::check
