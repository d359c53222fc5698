// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cards of this machine: what does not change about them, read once.
#pragma once

#include "Driver.h"

#include <array>
#include <vector>

namespace cria::cuda {

struct DeviceFacts {
  DeviceHandle handle = 0;
  std::string name;        // as a user knows it
  std::string description; // "sm_80, 108 SMs, driver 12.4"
  int major = 0;           // compute capability
  int minor = 0;
  uint64_t memoryBytes = 0;
  uint32_t maxThreadsPerBlock = 0;
  std::array<uint32_t, 3> maxBlock{};
  std::array<uint32_t, 3> maxGrid{};
  uint32_t maxSharedBytes = 0; // of a block, static and dynamic together, when asked for
};

/// "sm_80".
std::string smText(int major, int minor);

/// The driver and its cards. Made at the first query, never destroyed.
struct Machine {
  Driver driver;
  std::vector<DeviceFacts> devices;
};

/// Opens the driver and reads all cards, once for the process. *out is null when the answer is a failure,
/// which is the same every time. Errors: UNSUPPORTED.
Check openMachine(const Machine *&out);

/// The machine, after openMachine answered OK.
const Machine &machine();

/// Errors: NOT_FOUND, with the number of devices.
Check findDevice(uint32_t index, const DeviceFacts *&out);

/// Bytes free on the device; 0 when this process has no context there, as making one takes time and memory.
uint64_t freeMemory(const DeviceFacts &device);

} // namespace cria::cuda
