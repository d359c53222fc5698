// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CompileCache.h"

#include "CacheLimits.h"
#include "CacheLock.h"
#include "CheckpointIdentity.h"
#include "Command.h"
#include "CompilerProcess.h"
#include "format/PackageProof.h"
#include "support/CpuLevel.h"
#include "support/FolderLeftovers.h"
#include "support/FolderRemoval.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace cria::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeyDigits = 16;
constexpr std::string_view kPackageSuffix = ".cria";

std::string variable(const char *name) {
  const char *value = std::getenv(name);
  return value != nullptr ? value : "";
}

uint64_t bytesOf(const fs::path &folder) {
  uint64_t bytes = 0;
  std::error_code problem;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, problem);
  for (; !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
    std::error_code ignored;
    const uint64_t size = entry->is_regular_file(ignored) ? entry->file_size(ignored) : 0;
    bytes += ignored ? 0 : size;
  }
  return bytes;
}

StatusOr<std::string> keyOf(const CachedCheckpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const std::string compiler, findCompiler());
  CRIA_ASSIGN_OR_RETURN(const std::string identity,
                        identityOfCheckpoint(checkpoint.folder, compiler, checkpoint.target));
  return identity.substr(0, kKeyDigits);
}

/// Entries were last used when they were compiled or opened.
fs::file_time_type lastUseOf(const fs::path &package) {
  std::error_code problem;
  const fs::file_time_type time = fs::last_write_time(package, problem);
  return problem ? fs::file_time_type::min() : time;
}

} // namespace

StatusOr<fs::path> cacheFolder() {
  if (const std::string folder = variable("CRIA_CACHE"); !folder.empty()) {
    return fs::path(folder);
  }
  if (const std::string folder = variable("XDG_CACHE_HOME"); !folder.empty()) {
    return fs::path(folder) / "cria";
  }
  if (const std::string folder = variable("HOME"); !folder.empty()) {
    return fs::path(folder) / ".cache" / "cria";
  }
  return error(StatusCode::notFound, "the cache has no folder: expected CRIA_CACHE, XDG_CACHE_HOME or HOME "
                                     "to be set; set CRIA_CACHE to a folder");
}

bool isPackage(const fs::path &path) {
  std::error_code problem;
  return fs::exists(path / "manifest.json", problem);
}

bool isCheckpoint(const fs::path &path) {
  std::error_code problem;
  return !isPackage(path) && fs::exists(path / "config.json", problem);
}

/// NAME-<key>.cria at the beginning of a name; empty if it does not begin so.
static std::string packageNameIn(const std::string &name) {
  const size_t end = name.rfind(kPackageSuffix);
  if (end == std::string::npos || end < kKeyDigits + 1 || name[end - kKeyDigits - 1] != '-') {
    return "";
  }
  const std::string_view key = std::string_view(name).substr(end - kKeyDigits, kKeyDigits);
  return key.find_first_not_of("0123456789abcdef") == key.npos ? name.substr(0, end + kPackageSuffix.size())
                                                               : "";
}

/// NAME-<key>.cria, followed by what the compiler appends while it writes.
static bool hasCacheName(const fs::path &path) {
  const std::string name = path.filename().string();
  const std::string package = packageNameIn(name);
  return !package.empty() && (name == package || isLeftoverName(name, package));
}

StatusOr<std::vector<CacheEntry>> listCache() {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  std::vector<CacheEntry> entries;
  std::error_code problem;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    if (hasCacheName(entry->path()) && isOwnedFolder(entry->path().string(), packageProof())) {
      entries.push_back({entry->path(), bytesOf(entry->path()), lastUseOf(entry->path())});
    }
  }
  if (problem == std::errc::not_a_directory) {
    return invalidArgument("{}: expected the folder of the cache, got a file; set CRIA_CACHE to a folder",
                           folder.string());
  }
  if (problem && problem != std::errc::no_such_file_or_directory) {
    return error(StatusCode::io, "{}: cannot read the folder of the cache: {}; set CRIA_CACHE to another",
                 folder.string(), problem.message());
  }
  std::sort(entries.begin(), entries.end(), [](const auto &a, const auto &b) { return a.path < b.path; });
  return entries;
}

static CacheRemoval removeEntries(const std::vector<CacheEntry> &entries) {
  CacheRemoval removal;
  for (const CacheEntry &entry : entries) {
    const StatusOr<bool> removed = removeOwnedFolder(entry.path.string(), packageProof());
    if (!removed.ok()) {
      removal.failures.push_back(removed.status());
    } else if (*removed) {
      removal.bytes += entry.bytes;
      ++removal.entries;
    }
  }
  return removal;
}

static void removeStaleLocks(const fs::path &folder) {
  std::error_code problem;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    const std::string package = packageNameIn(name);
    if (!package.empty() && name == package + std::string(kLockSuffix)) {
      removeStaleLock(entry->path().string());
    }
  }
}

StatusOr<CacheRemoval> clearCache() {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  CRIA_ASSIGN_OR_RETURN(const std::vector<CacheEntry> entries, listCache());
  removeStaleLocks(folder);
  return removeEntries(entries);
}

StatusOr<CacheRemoval> limitCache(const CacheLimits &limits, const std::string &keep) {
  CRIA_ASSIGN_OR_RETURN(std::vector<CacheEntry> entries, listCache());
  return removeEntries(entriesBeyond(limits, std::move(entries), keep, fs::file_time_type::clock::now()));
}

void noteUse(const std::string &package) {
  std::error_code readOnly;
  fs::last_write_time(package, fs::file_time_type::clock::now(), readOnly);
}

std::string hostTarget() {
  for (const char *level : {"x86-64-v4", "x86-64-v3"}) {
    if (cpuHas(level)) {
      return fmt::format("cpu-{}", level);
    }
  }
  return "cpu";
}

StatusOr<std::string> cachedPackage(const CachedCheckpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  CRIA_ASSIGN_OR_RETURN(const std::string key, keyOf(checkpoint));
  const std::string name = fs::path(checkpoint.folder).filename().string();
  return (folder / fmt::format("{}-{}{}", name, key, kPackageSuffix)).string();
}

Status createCacheFolder() {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return error(StatusCode::io, "cannot create the cache folder '{}': {}; set CRIA_CACHE to another",
                 folder.string(), problem.message());
  }
  return {};
}

/// Whether the compiler read what was there when its package was named.
static Status checkState(const std::string &folder, const std::string &state) {
  const StatusOr<std::string> now = stateOfCheckpoint(folder);
  return now.ok() && *now == state ? Status()
                                   : error(StatusCode::io,
                                           "{}: the checkpoint was changed while it was compiled, so the "
                                           "package is discarded; run the command again",
                                           folder);
}

Status compileIntoCache(const CachedCheckpoint &checkpoint, const std::string &state,
                        const std::string &package, bool quiet) {
  std::vector<std::string> arguments = {checkpoint.folder, "--target", checkpoint.target, "-o", package};
  if (quiet) {
    arguments.emplace_back("--quiet");
  }
  CRIA_ASSIGN_OR_RETURN(const int code, runCompiler(arguments));
  if (code == kExitTerminated) {
    std::raise(SIGTERM); // the signal concerns this process as well
  }
  if (code == kExitInterrupted || code == kExitTerminated) {
    return error(StatusCode::cancelled, "the compiler was interrupted");
  }
  if (code != 0) {
    return invalidArgument("'{}' could not be compiled (see above)", checkpoint.folder);
  }
  Status unchanged = checkState(checkpoint.folder, state);
  if (!unchanged.ok()) {
    CRIA_RETURN_IF_ERROR(removeOwnedFolder(package, packageProof()).status());
  }
  return unchanged;
}

} // namespace cria::cli
