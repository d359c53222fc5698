// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface by which tests control the fake CUDA driver and read its calls.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cria::fake_cuda {

/// Read and written while no call is under way.
struct Control {
  // The machine. Set before the plugin is asked for the first time.
  int initResult = 0;
  int driverVersion = 12040;
  int numDevices = 2; // number 1 has the next minor compute capability
  int major = 8;
  int minor = 0;
  uint64_t memoryBytes = uint64_t{256} << 20;
  uint64_t kernelNanoseconds = 1000; // by which each kernel advances the clock of the device

  /// Work on a stream waits until somebody waits for it, or has looked at an event of it three times.
  bool deferred = false;

  // Faults. The failCall-th call (1 is the next one) of failFunction answers failResult; an empty name means
  // any function. A result after which a device is lost loses the device of the current context.
  std::string failFunction;
  uint64_t failCall = 0;
  int failResult = 0;
  bool failed = false; // it has happened
  /// The device is lost with lossResult when this many more kernels have run. 0: never.
  uint64_t loseAtKernel = 0;
  int lossResult = 719;

  // What the driver has recorded.
  std::map<std::string, uint64_t> calls;
  int64_t live = 0;                    // handles and allocations
  std::vector<std::string> complaints; // invalid calls that a real driver does not report
};

} // namespace cria::fake_cuda

/// Exported by the fake driver.
using FakeCudaControl = cria::fake_cuda::Control *(*)();
