// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CheckpointIdentity.h"

#include "support/File.h"
#include "support/Sha256.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace cria::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBeginningBytes = 4u << 20; // has the header of a safetensors file
constexpr uint64_t kSampleBytes = 4096;
constexpr uint64_t kNumSamples = 256;

/// Adds up to `size` bytes at `offset` to the digest, fewer at the end of the file.
Status addRange(Sha256 &digest, const RegularFile &file, uint64_t offset, uint64_t size,
                const std::string &path) {
  std::vector<std::byte> bytes(std::min(size, file.size - offset));
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = pread(file.descriptor.get(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return error(StatusCode::io, "{}: cannot read: {}", path,
                   count == 0 ? "unexpected end of file" : std::strerror(errno));
    }
    done += count > 0 ? static_cast<size_t>(count) : 0;
  }
  digest.update(bytes);
  return {};
}

Status addContent(Sha256 &digest, const RegularFile &file, const std::string &path) {
  CRIA_RETURN_IF_ERROR(addRange(digest, file, 0, kBeginningBytes, path));
  if (file.size <= kBeginningBytes) {
    return {};
  }
  const uint64_t last = file.size - std::min(file.size, kSampleBytes);
  for (uint64_t i = 1; i <= kNumSamples; ++i) {
    const auto offset = static_cast<uint64_t>(static_cast<unsigned __int128>(last) * i / kNumSamples);
    CRIA_RETURN_IF_ERROR(addRange(digest, file, offset, kSampleBytes, path));
  }
  return {};
}

void addText(Sha256 &digest, const std::string &text) { digest.update(std::as_bytes(std::span(text))); }

int64_t nanoseconds(const timespec &time) { return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

Status addFile(Sha256 &digest, const fs::path &path) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  struct stat status{};
  std::error_code problem;
  const fs::path canonical = fs::canonical(path, problem);
  if (problem || fstat(file.descriptor.get(), &status) != 0) {
    return error(StatusCode::io, "{}: cannot read its status: {}", path.string(),
                 problem ? problem.message() : std::strerror(errno));
  }
  addText(digest,
          fmt::format("{}\n{}\n{} {} {} {} {}\n", path.filename().string(), canonical.string(), status.st_dev,
                      status.st_ino, file.size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)));
  return addContent(digest, file, path.string());
}

/// Of the entry itself, not of what a link leads to.
StatusOr<std::string> stateOfEntry(const fs::path &path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    return error(StatusCode::io, "{}: cannot read its status: {}", path.string(), std::strerror(errno));
  }
  return fmt::format("{}\n{} {} {} {} {}\n", path.filename().string(), status.st_dev, status.st_ino,
                     status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim));
}

/// Everything in the folder, sorted.
StatusOr<std::vector<fs::path>> entriesOf(const fs::path &folder) {
  std::vector<fs::path> entries;
  std::error_code problem;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, problem)) {
    entries.push_back(entry.path());
  }
  if (problem) {
    return error(StatusCode::io, "cannot read '{}': {}", folder.string(), problem.message());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

} // namespace

StatusOr<std::string> stateOfCheckpoint(const fs::path &folder) {
  CRIA_ASSIGN_OR_RETURN(std::vector<fs::path> paths, entriesOf(folder));
  paths.push_back(folder);
  std::string state;
  for (const fs::path &path : paths) {
    CRIA_ASSIGN_OR_RETURN(const std::string entry, stateOfEntry(path));
    state += entry;
  }
  return state;
}

StatusOr<std::string> identityOfCheckpoint(const fs::path &folder, const fs::path &compiler,
                                           const std::string &target) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<fs::path> entries, entriesOf(folder));
  Sha256 digest;
  addText(digest, fmt::format("{}\n{}\n", target, folder.string()));
  CRIA_RETURN_IF_ERROR(addFile(digest, compiler));
  for (const fs::path &entry : entries) {
    std::error_code problem;
    if (fs::is_regular_file(entry, problem)) {
      CRIA_RETURN_IF_ERROR(addFile(digest, entry));
    }
  }
  return digest.finish();
}

} // namespace cria::cli
