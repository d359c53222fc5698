// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packages that `cria run` compiled from checkpoints by itself. The folder is $CRIA_CACHE,
// $XDG_CACHE_HOME/cria or ~/.cache/cria.
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
};

/// Errors: NOT_FOUND when no variable says where a home folder is.
StatusOr<std::filesystem::path> cacheFolder();

/// Packages in the cache, and what killed compilers have left there, sorted by name. Only folders with a name
/// that cachedPackage() makes and with a proof that the compiler made them.
StatusOr<std::vector<CacheEntry>> listCache();

/// Removes them, except those that a compiler is writing; returns the bytes that became free.
StatusOr<uint64_t> clearCache();

/// Whether `path` is a package folder (has a manifest).
bool isPackage(const std::filesystem::path &path);
/// Whether `path` is a checkpoint's folder (has a configuration, and no manifest).
bool isCheckpoint(const std::filesystem::path &path);

/// Where the cache has, or would have, the package of a checkpoint. The key is the compiler build and each
/// input's name, size, time and, for small files, digest.
StatusOr<std::string> cachedPackage(const std::string &checkpoint);

/// Compiles a checkpoint into `package` of the cache, which is said on stderr unless `quiet`.
Status compileIntoCache(const std::string &checkpoint, const std::string &package, bool quiet);

} // namespace cria::cli
