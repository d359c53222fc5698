// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many blocks of a kernel are resident on an SM at once.
#pragma once

#include <cstdint>
#include <optional>

namespace cria::check {

/// What a kernel needs. Each value is absent where it is unknown.
struct KernelResources {
  std::optional<uint64_t> registersPerThread, threadsPerBlock;
  std::optional<uint64_t> sharedBytesPerBlock; // static and dynamic
};

/// What an SM has for its blocks. Each value is absent where it is unknown.
struct SmLimits {
  std::optional<uint64_t> registers, threads, sharedBytes, blocks;
  std::optional<uint64_t> reservedSharedBytesPerBlock; // that the driver adds to those of a kernel
};

/// Returns the number of resident blocks per SM, by the rules of the CUDA C++ Programming Guide and of the
/// occupancy calculator of the toolkit for GPUs from sm_80 on, if the SM configures as much shared memory as
/// it can. 0: the kernel does not fit. Nothing if a value is unknown, or registers or threads are 0.
std::optional<uint64_t> residentBlocksPerSm(const KernelResources &kernel, const SmLimits &sm);

} // namespace cria::check
