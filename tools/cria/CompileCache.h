// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cache of packages that `cria` compiles when it is given a checkpoint in place of a package. Its folder
// is $CRIA_CACHE, $XDG_CACHE_HOME/cria or ~/.cache/cria.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cria::cli {

struct CacheEntry {
  std::filesystem::path path;
  uint64_t bytes = 0;
  std::filesystem::file_time_type lastUsed;
};

/// The folder of the cache. Errors: notFound when none of the variables is set.
StatusOr<std::filesystem::path> cacheFolder();

/// The packages in the cache and the leftovers of killed compilers, sorted by name. Contains only folders
/// whose name cachedPackage() makes and that are proven to be made by the compiler. Empty if the folder
/// does not exist. Errors: those of cacheFolder(); invalidArgument if it is not a folder; io.
StatusOr<std::vector<CacheEntry>> listCache();

/// What clearCache() or limitCache() did.
struct CacheRemoval {
  size_t entries = 0;           // that were removed
  uint64_t bytes = 0;           // of these
  std::vector<Status> failures; // one for each package that could not be removed
};

/// Removes them, except those that a compiler is writing. Continues after a failure. Errors: those of
/// listCache().
StatusOr<CacheRemoval> clearCache();

struct CacheLimits;
/// Removes what exceeds the limits, but not the package `keep`. Errors: those of listCache().
StatusOr<CacheRemoval> limitCache(const CacheLimits &limits, const std::string &keep);

/// Notes that a package of the cache is used now.
void noteUse(const std::string &package);
/// Creates the folder of the cache. Errors: io.
Status createCacheFolder();

/// Whether `path` is a package folder (has a manifest).
bool isPackage(const std::filesystem::path &path);
/// Whether `path` is the folder of a checkpoint (has a configuration, but no manifest).
bool isCheckpoint(const std::filesystem::path &path);

/// The target for the highest x86-64 level of this machine; all levels if it has none of them. A package in
/// the cache runs here, so it needs no other.
std::string hostTarget();

/// What is compiled into the cache.
struct CachedCheckpoint {
  std::string folder; // a canonical path
  std::string target;
};

/// The path in the cache of the package of a checkpoint, whether or not it exists. Its key is made of
/// the identities of compiler and checkpoint (CheckpointIdentity.h).
StatusOr<std::string> cachedPackage(const CachedCheckpoint &checkpoint);

/// Compiles a checkpoint into `package` of the cache; what the compiler says goes to stderr, warnings and
/// errors alone if `quiet`. Errors: those of the compiler; io if the checkpoint is no longer in `state`
/// (stateOfCheckpoint()), with which `package` was chosen; then there is no package. REQUIRES: the folder of
/// the cache exists.
Status compileIntoCache(const CachedCheckpoint &checkpoint, const std::string &state,
                        const std::string &package, bool quiet);

} // namespace cria::cli
