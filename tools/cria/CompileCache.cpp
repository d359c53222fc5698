// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CompileCache.h"

#include "Command.h"
#include "CompilerProcess.h"
#include "format/PackageProof.h"
#include "support/File.h"
#include "support/FolderLeftovers.h"
#include "support/FolderRemoval.h"
#include "support/Sha256.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <unistd.h>

namespace cria::cli {
namespace {

namespace fs = std::filesystem;

/// Larger files are distinguished by size, time and beginning, which holds the header of a safetensors file.
constexpr uint64_t kDigestBytes = 4u << 20;
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

StatusOr<std::string> beginningOf(const RegularFile &file, const fs::path &path) {
  std::string text(std::min(file.size, kDigestBytes), '\0');
  for (size_t done = 0; done < text.size();) {
    const ssize_t count =
        pread(file.descriptor.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return error(StatusCode::io, "{}: cannot read: {}", path.string(),
                   count == 0 ? "unexpected end of file" : std::strerror(errno));
    }
    done += count > 0 ? static_cast<size_t>(count) : 0;
  }
  return text;
}

StatusOr<std::string> identityOf(const fs::path &path) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  CRIA_ASSIGN_OR_RETURN(const std::string beginning, beginningOf(file, path));
  std::error_code problem;
  const auto time = fs::last_write_time(path, problem).time_since_epoch().count();
  return fmt::format("{} {} {} {}\n", path.filename().string(), file.size, time, Sha256::of(beginning));
}

StatusOr<std::string> keyOf(const fs::path &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const std::string compiler, findCompiler());
  std::vector<fs::path> files;
  std::error_code problem;
  for (const fs::directory_entry &entry : fs::directory_iterator(checkpoint, problem)) {
    if (entry.is_regular_file(problem)) {
      files.push_back(entry.path());
    }
  }
  if (problem) {
    return error(StatusCode::io, "cannot read '{}': {}", checkpoint.string(), problem.message());
  }
  std::sort(files.begin(), files.end());
  CRIA_ASSIGN_OR_RETURN(std::string identity, identityOf(compiler));
  for (const fs::path &file : files) {
    CRIA_ASSIGN_OR_RETURN(const std::string next, identityOf(file));
    identity += next;
  }
  return Sha256::of(identity).substr(0, kKeyDigits);
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

/// NAME-<key>.cria, followed by what the compiler appends while it writes.
static bool hasCacheName(const fs::path &path) {
  const std::string name = path.filename().string();
  const size_t end = name.rfind(kPackageSuffix);
  if (end == std::string::npos || end < kKeyDigits + 1 || name[end - kKeyDigits - 1] != '-') {
    return false;
  }
  const std::string_view key = std::string_view(name).substr(end - kKeyDigits, kKeyDigits);
  const std::string package = name.substr(0, end + kPackageSuffix.size());
  return key.find_first_not_of("0123456789abcdef") == key.npos &&
         (name == package || isLeftoverName(name, package));
}

StatusOr<std::vector<CacheEntry>> listCache() {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  std::vector<CacheEntry> entries;
  std::error_code problem;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    if (hasCacheName(entry->path()) && isOwnedFolder(entry->path().string(), packageProof())) {
      entries.push_back({entry->path(), bytesOf(entry->path())});
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

StatusOr<CacheRemoval> clearCache() {
  CRIA_ASSIGN_OR_RETURN(const std::vector<CacheEntry> entries, listCache());
  CacheRemoval removal;
  for (const CacheEntry &entry : entries) {
    const StatusOr<bool> removed = removeOwnedFolder(entry.path.string(), packageProof());
    if (!removed.ok()) {
      removal.failures.push_back(removed.status());
    } else if (*removed) {
      removal.bytes += entry.bytes;
    }
  }
  return removal;
}

StatusOr<std::string> cachedPackage(const std::string &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const fs::path folder, cacheFolder());
  CRIA_ASSIGN_OR_RETURN(const std::string key, keyOf(checkpoint));
  std::error_code problem;
  const fs::path name = fs::weakly_canonical(checkpoint, problem).filename();
  return (folder / fmt::format("{}-{}{}", name.string(), key, kPackageSuffix)).string();
}

Status compileIntoCache(const std::string &checkpoint, const std::string &package, bool quiet) {
  const fs::path folder = fs::path(package).parent_path();
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return error(StatusCode::io, "cannot create the cache folder '{}': {}; set CRIA_CACHE to another",
                 folder.string(), problem.message());
  }
  logInfo(quiet, "compiling the checkpoint '{}' once, into {}", checkpoint, package);
  std::vector<std::string> arguments = {checkpoint, "-o", package};
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
  return code == 0 ? Status() : invalidArgument("'{}' could not be compiled (see above)", checkpoint);
}

} // namespace cria::cli
