// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HostMemory: how much memory of the host this process can still take, and whether a model fits into it.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <string>

namespace cria {

/// The memory that is left, in bytes, and what limits it. UINT64_MAX: unknown or unlimited.
struct HostMemory {
  uint64_t availableBytes = UINT64_MAX;
  std::string limit; // "MemAvailable of /proc/meminfo", "the memory limit of the control group"
  /// The address space that is left under RLIMIT_AS, to which mapped files count as well.
  uint64_t addressBytes = UINT64_MAX;

  /// Reads the smallest of MemAvailable and the limits of the control groups of this process (both versions),
  /// to which caches of files do not count because they can be dropped. root: a folder in place of "/", for
  /// tests.
  static HostMemory read(const std::string &root = "");
};

/// What a model takes of the host's memory, in bytes.
struct HostMemoryUse {
  uint64_t weights = 0; // random or copied
  uint64_t kv = 0;
  uint64_t other = 0;  // arena, constants, inputs and results of a step, staging
  uint64_t mapped = 0; // weights that are used in place from their files

  uint64_t total() const { return weights + kv + other; } // that cannot be dropped
};

/// Errors: outOfMemory with what is required, what is free and the remedies.
Status checkFits(const HostMemoryUse &use, const HostMemory &memory);
/// Returns a sentence if weights will be read from the disk again and again, because they do not fit into
/// the memory that the rest leaves; otherwise an empty one.
std::string noteOnMappedWeights(const HostMemoryUse &use, const HostMemory &memory);

} // namespace cria
