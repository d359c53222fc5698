// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resident blocks, compared with the occupancy calculator of the CUDA Toolkit.
#include "tools/cria-device-check/Occupancy.h"

#include <cuda_occupancy.h>
#include <gtest/gtest.h>

using cria::check::residentBlocksPerSm;
using cria::check::SmLimits;

namespace {

constexpr int kMaxRegisters = 255, kSmRegisters = 65536, kSmThreads = 2048, kSmBlocks = 32;
constexpr int kReservedBytes = 1024;

cudaOccDeviceProp deviceOf(int major, int sharedBytes) {
  cudaOccDeviceProp device;
  device.computeMajor = major;
  device.computeMinor = 0;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = kSmThreads;
  device.regsPerBlock = device.regsPerMultiprocessor = kSmRegisters;
  device.warpSize = 32;
  device.sharedMemPerBlock = 48 << 10;
  device.sharedMemPerMultiprocessor = static_cast<size_t>(sharedBytes);
  device.sharedMemPerBlockOptin = static_cast<size_t>(sharedBytes - kReservedBytes);
  device.reservedSharedMemPerBlock = kReservedBytes;
  device.numSms = 1;
  return device;
}

/// The calculator's answer; -1 if it has none.
int calculated(const cudaOccDeviceProp &device, int registers, int threads, int sharedBytes) {
  cudaOccFuncAttributes kernel{};
  kernel.maxThreadsPerBlock = device.maxThreadsPerBlock;
  kernel.numRegs = registers;
  kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  kernel.maxDynamicSharedSizeBytes = device.sharedMemPerBlockOptin;
  const cudaOccDeviceState state;
  cudaOccResult result;
  const cudaOccError failure = cudaOccMaxActiveBlocksPerMultiprocessor(
      &result, &device, &kernel, &state, threads, static_cast<size_t>(sharedBytes));
  return failure == CUDA_OCC_SUCCESS ? result.activeBlocksPerMultiprocessor : -1;
}

uint64_t unsignedOf(int value) { return static_cast<uint64_t>(value); }

void compare(const cudaOccDeviceProp &device, int registers, int threads, int sharedBytes) {
  const SmLimits sm = {.registers = kSmRegisters,
                       .threads = kSmThreads,
                       .sharedBytes = device.sharedMemPerMultiprocessor,
                       .blocks = kSmBlocks,
                       .reservedSharedBytesPerBlock = kReservedBytes};
  EXPECT_EQ(residentBlocksPerSm({.registersPerThread = unsignedOf(registers),
                                 .threadsPerBlock = unsignedOf(threads),
                                 .sharedBytesPerBlock = unsignedOf(sharedBytes)},
                                sm),
            unsignedOf(calculated(device, registers, threads, sharedBytes)))
      << registers << " registers, " << threads << " threads, " << sharedBytes << " bytes";
}

void compareAll(const cudaOccDeviceProp &device) {
  for (int registers = 1; registers <= kMaxRegisters; ++registers) {
    for (const int threads : {1, 32, 33, 96, 128, 160, 200, 256, 384, 512, 768, 1024}) {
      for (const int sharedBytes : {0, 1, 128, 129, 16384, 57344, 57345, 65536, 101376, 166912}) {
        compare(device, registers, threads, sharedBytes);
      }
    }
  }
}

TEST(OccupancyCalculator, AgreesForSm80) { compareAll(deviceOf(8, 164 << 10)); }

TEST(OccupancyCalculator, AgreesForSm90) { compareAll(deviceOf(9, 228 << 10)); }

} // namespace
