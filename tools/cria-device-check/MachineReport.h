// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a check ran on: driver, device and its limits, and clocks, power and temperature before and after its
// sections. Figures of a GPU mean little without them.
#pragma once

#include "tools/cria-device-check/NvmlDevice.h"
#include "tools/cria-device-check/Occupancy.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace cria::check {

/// What the CUDA driver states of a device. Each value is absent where it is unknown.
struct DeviceFacts {
  std::optional<std::string> cudaVersion, pciBusId;
  std::optional<uint64_t> numSms, l2Bytes, memoryBytes;
  std::optional<bool> hasEcc;
  SmLimits sm;
};

/// Returns the facts of a CUDA device; none for another backend or without a driver.
DeviceFacts deviceFacts(const std::string &backend, uint32_t device);

class MachineReport {
public:
  /// Reads the clocks for the first time. name: the name of the device.
  MachineReport(const std::string &backend, uint32_t device, std::string name);

  /// Returns a line with all that is known at the start.
  std::string line() const;
  /// Reads the clocks again. Returns a line with them; empty if nothing is known.
  std::string addReading(const std::string &section);
  /// Returns the member "machine" of the report; what is unknown is null.
  nlohmann::ordered_json json() const;

private:
  struct Reading {
    std::string after; // a section, or "start"
    NvmlReading values;
  };

  std::string name_;
  DeviceFacts facts_;
  NvmlDevice nvml_;
  std::optional<std::string> driverVersion_;
  NvmlReading limits_;
  std::vector<Reading> readings_;
};

} // namespace cria::check
