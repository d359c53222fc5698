// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The devices of this machine and their constant attributes, read once.
#pragma once

#include "Driver.h"

#include <array>
#include <vector>

namespace cria::cuda {

struct DeviceProperties {
  DeviceHandle handle = 0;
  std::string name;        // product name
  std::string description; // "sm_80, 108 SMs, driver 12.4"
  int major = 0;           // compute capability
  int minor = 0;
  uint64_t memoryBytes = 0;
  uint32_t maxThreadsPerBlock = 0;
  std::array<uint32_t, 3> maxBlock{};
  std::array<uint32_t, 3> maxGrid{};
  uint32_t maxSharedBytes = 0; // per block, static and dynamic together, with opt-in
};

/// Returns a compute capability as "sm_80".
std::string smText(int major, int minor);

/// The driver and its devices. Created by the first query and never destroyed.
struct Machine {
  Driver driver;
  std::vector<DeviceProperties> devices;
};

/// Opens the driver and reads all devices, once in a process; every call has the same result. On failure *out
/// is null. Thread-safe. Errors: UNSUPPORTED.
Check openMachine(const Machine *&out);

/// Returns the machine. REQUIRES: openMachine has succeeded.
const Machine &machine();

/// Looks up a device by number. Errors: NOT_FOUND, with the number of devices.
Check findDevice(uint32_t index, const DeviceProperties *&out);

/// Returns the free bytes of the device; 0 if this process has no context on it, since creating one takes
/// time and memory.
uint64_t freeMemory(const DeviceProperties &device);

} // namespace cria::cuda
