// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Occupancy.h"

#include <algorithm>

namespace cria::check {
namespace {

constexpr uint64_t kThreadsPerWarp = 32;

uint64_t divideRoundingUp(uint64_t value, uint64_t divisor) { return (value + divisor - 1) / divisor; }

uint64_t roundUp(uint64_t value, uint64_t unit) { return divideRoundingUp(value, unit) * unit; }

/// The warps whose registers fit. A warp has its registers in one of the four partitions of an SM, in units
/// of 256.
uint64_t warpsByRegisters(uint64_t registersPerThread, uint64_t registersPerSm) {
  constexpr uint64_t kUnit = 256, kPartitions = 4;
  const uint64_t perWarp = roundUp(registersPerThread * kThreadsPerWarp, kUnit);
  return registersPerSm / kPartitions / perWarp * kPartitions;
}

uint64_t blocksBySharedMemory(uint64_t bytesPerBlock, const SmLimits &sm) {
  constexpr uint64_t kUnit = 128;
  const uint64_t allocated = roundUp(bytesPerBlock + *sm.reservedSharedBytesPerBlock, kUnit);
  return allocated == 0 ? *sm.blocks : *sm.sharedBytes / allocated;
}

bool isKnown(const KernelResources &kernel, const SmLimits &sm) {
  return kernel.registersPerThread.value_or(0) > 0 && kernel.threadsPerBlock.value_or(0) > 0 &&
         kernel.sharedBytesPerBlock && sm.registers && sm.threads && sm.sharedBytes && sm.blocks &&
         sm.reservedSharedBytesPerBlock;
}

} // namespace

std::optional<uint64_t> residentBlocksPerSm(const KernelResources &kernel, const SmLimits &sm) {
  if (!isKnown(kernel, sm)) {
    return std::nullopt;
  }
  const uint64_t warpsPerBlock = divideRoundingUp(*kernel.threadsPerBlock, kThreadsPerWarp);
  const uint64_t warps =
      std::min(*sm.threads / kThreadsPerWarp, warpsByRegisters(*kernel.registersPerThread, *sm.registers));
  return std::min({warps / warpsPerBlock, blocksBySharedMemory(*kernel.sharedBytesPerBlock, sm), *sm.blocks});
}

} // namespace cria::check
