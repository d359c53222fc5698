// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CacheLimits: which packages leave the cache, those that were not used for long and then those that were
// used least recently.
#pragma once

#include "CompileCache.h"

#include <chrono>
#include <optional>

namespace cria::cli {

struct CacheLimits {
  uint64_t bytes = uint64_t(64) << 30; // of all packages
  std::chrono::hours age = std::chrono::days(90);

  /// The limits that CRIA_CACHE_SIZE ("20G") and CRIA_CACHE_DAYS ("30") state; otherwise the defaults.
  /// Errors: invalidArgument.
  static StatusOr<CacheLimits> ofEnvironment();
};

/// Returns the entries to remove at the time `now`, never the one at `keep` or one that another process may
/// just be opening (used within two minutes).
std::vector<CacheEntry> entriesBeyond(const CacheLimits &limits, std::vector<CacheEntry> entries,
                                      const std::filesystem::path &keep, std::filesystem::file_time_type now);

} // namespace cria::cli
