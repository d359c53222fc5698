// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resident blocks, computed by hand for an A100 (sm_80) and an H200 (sm_90), which differ in shared memory.
#include "tools/cria-device-check/Occupancy.h"

#include <gtest/gtest.h>

using cria::check::KernelResources;
using cria::check::residentBlocksPerSm;
using cria::check::SmLimits;

namespace {

SmLimits limitsOf(uint64_t sharedBytes) {
  return {.registers = 65536,
          .threads = 2048,
          .sharedBytes = sharedBytes,
          .blocks = 32,
          .reservedSharedBytesPerBlock = 1024};
}

const SmLimits kSm80 = limitsOf(164 << 10), kSm90 = limitsOf(228 << 10);

std::optional<uint64_t> blocks(const SmLimits &sm, uint64_t registers, uint64_t threads, uint64_t shared) {
  return residentBlocksPerSm(
      {.registersPerThread = registers, .threadsPerBlock = threads, .sharedBytesPerBlock = shared}, sm);
}

TEST(Occupancy, IsLimitedByRegisters) {
  // 80 · 32 = 2560 registers per warp: 6 warps in each partition of 16384, so 24, with 8 per block.
  EXPECT_EQ(blocks(kSm80, 80, 256, 64), 3u);
  EXPECT_EQ(blocks(kSm90, 80, 256, 64), 3u);
  // 81 · 32 = 2592 is rounded up to 2816: 5 warps in each partition, so 20.
  EXPECT_EQ(blocks(kSm90, 81, 256, 64), 2u);
  EXPECT_EQ(blocks(kSm90, 128, 256, 64), 2u);
  // 255 · 32 is rounded up to 8192: 8 warps.
  EXPECT_EQ(blocks(kSm90, 255, 256, 0), 1u);
  EXPECT_EQ(blocks(kSm90, 255, 512, 0), 0u);
}

// 65536 / 2560 is 25, but no partition has room for a seventh warp.
TEST(Occupancy, DoesNotSplitAWarpBetweenPartitions) {
  EXPECT_EQ(blocks(kSm80, 80, 32, 0), 24u);
  EXPECT_EQ(blocks(kSm90, 80, 32, 0), 24u);
}

TEST(Occupancy, IsLimitedByThreads) {
  EXPECT_EQ(blocks(kSm80, 32, 256, 0), 8u);
  EXPECT_EQ(blocks(kSm90, 16, 512, 0), 4u);
  // 192 threads are 6 of 64 warps, and 200 threads are 7.
  EXPECT_EQ(blocks(kSm90, 32, 192, 0), 10u);
  EXPECT_EQ(blocks(kSm90, 32, 200, 0), 9u);
}

TEST(Occupancy, IsLimitedBySharedMemory) {
  // 65 KiB with the reserved bytes.
  EXPECT_EQ(blocks(kSm80, 40, 256, 64 << 10), 2u);
  EXPECT_EQ(blocks(kSm90, 40, 256, 64 << 10), 3u);
  // 57 KiB with the reserved bytes are a fourth of 228 KiB; one more byte allocates 128.
  EXPECT_EQ(blocks(kSm90, 40, 256, 56 << 10), 4u);
  EXPECT_EQ(blocks(kSm90, 40, 256, (56 << 10) + 1), 3u);
  EXPECT_EQ(blocks(kSm80, 40, 256, 163 << 10), 1u);
  EXPECT_EQ(blocks(kSm80, 40, 256, (163 << 10) + 1), 0u);
}

TEST(Occupancy, IsLimitedByBlocks) {
  EXPECT_EQ(blocks(kSm80, 16, 32, 0), 32u);
  EXPECT_EQ(blocks(kSm90, 32, 64, 0), 32u);
}

TEST(Occupancy, IsUnknownIfAValueIsUnknown) {
  const KernelResources known = {.registersPerThread = 32, .threadsPerBlock = 256, .sharedBytesPerBlock = 0};
  for (auto member : {&KernelResources::registersPerThread, &KernelResources::threadsPerBlock,
                      &KernelResources::sharedBytesPerBlock}) {
    KernelResources kernel = known;
    kernel.*member = std::nullopt;
    EXPECT_EQ(residentBlocksPerSm(kernel, kSm90), std::nullopt);
  }
  for (auto member : {&SmLimits::registers, &SmLimits::threads, &SmLimits::sharedBytes, &SmLimits::blocks,
                      &SmLimits::reservedSharedBytesPerBlock}) {
    SmLimits sm = kSm90;
    sm.*member = std::nullopt;
    EXPECT_EQ(residentBlocksPerSm(known, sm), std::nullopt);
  }
}

TEST(Occupancy, IsUnknownForZeroThreadsOrRegisters) {
  EXPECT_EQ(blocks(kSm90, 0, 256, 0), std::nullopt);
  EXPECT_EQ(blocks(kSm90, 32, 0, 0), std::nullopt);
}

} // namespace
