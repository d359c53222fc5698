// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FolderPlace.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cria {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40; // as many as Linux follows

static std::string withoutTrailingSlashes(const std::string &path) {
  size_t end = path.find_last_not_of('/');
  return end == path.npos ? path : path.substr(0, end + 1);
}

StatusOr<std::string> resolveLinks(fs::path path) {
  std::error_code failed;
  for (int links = 0; fs::is_symlink(path, failed); ++links) {
    if (links == kMaxLinks) {
      return error(StatusCode::io, "{}: expected a file or folder, got a loop of links", path.string());
    }
    fs::path target = fs::read_symlink(path, failed);
    path = withoutTrailingSlashes((path.parent_path() / target).string());
  }
  return path.string();
}

/// A parent that is searchable but not readable is opened with O_PATH.
static Descriptor openParent(const std::string &path) {
  int parent = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0 && errno == EACCES) {
    parent = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  return Descriptor(parent);
}

StatusOr<FolderPlace> FolderPlace::of(const std::string &path) {
  std::string normalized = withoutTrailingSlashes(path);
  FolderPlace place;
  place.name = fs::path(normalized).filename().string();
  if (place.name.empty() || place.name == "." || place.name == "..") {
    return invalidArgument("{}: expected the name of a folder, got '{}'; state the name, as in ../NAME", path,
                           place.name.empty() ? path : place.name);
  }
  place.prefix = normalized.substr(0, normalized.size() - place.name.size());
  place.parent = openParent(place.prefix.empty() ? "." : place.prefix);
  if (!place.parent && (errno == ENOENT || errno == ENOTDIR)) {
    return error(StatusCode::notFound, "{}: the parent folder does not exist; create it first", path);
  }
  if (!place.parent) {
    return error(StatusCode::io, "{}: cannot open the parent folder: {}", path, std::strerror(errno));
  }
  return place;
}

StatusOr<FolderPlace> FolderPlace::behindLinks(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(std::string target, resolveLinks(withoutTrailingSlashes(path)));
  return of(target);
}

bool FolderPlace::exists(const std::string &sibling) const {
  struct stat state;
  return fstatat(parent.get(), sibling.c_str(), &state, AT_SYMLINK_NOFOLLOW) == 0;
}

bool moveWithoutReplacing(FileSystem &files, const FolderPlace &place, const std::string &from,
                          const std::string &to) {
  int parent = place.parent.get();
  if (files.rename(parent, from.c_str(), to.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return false;
  }
  // The file system does not support the flag. A name that appears after the check is replaced only if it
  // is an empty folder.
  if (place.exists(to)) {
    errno = EEXIST;
    return false;
  }
  return files.rename(parent, from.c_str(), to.c_str(), 0) == 0;
}

std::string randomSuffix() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != ssize_t(sizeof number)) {
    number = uint64_t(getpid()); // callers retry if the name exists
  }
  return fmt::format("{:0{}x}", number, kSuffixLength);
}

} // namespace cria
