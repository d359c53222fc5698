// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CacheLock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cria::cli {
namespace {

Status lockError(const std::string &path) {
  return error(StatusCode::io, "{}: cannot lock: {}; set CRIA_CACHE to another folder", path,
               std::strerror(errno));
}

/// The previous holder may have removed the file while this process waited for it.
bool isAt(const Descriptor &file, const std::string &path) {
  struct stat held{};
  struct stat found{};
  return fstat(file.get(), &held) == 0 && lstat(path.c_str(), &found) == 0 && held.st_dev == found.st_dev &&
         held.st_ino == found.st_ino;
}

/// Returns whether it waited.
StatusOr<bool> lockFile(const Descriptor &file, const std::string &path, const std::function<void()> &onWait) {
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    return false;
  }
  if (errno == EWOULDBLOCK) {
    onWait();
    while (flock(file.get(), LOCK_EX) != 0) {
      if (errno != EINTR) {
        return lockError(path);
      }
    }
    return true;
  }
  return lockError(path);
}

} // namespace

StatusOr<CacheLock> CacheLock::acquire(const std::string &package, const std::function<void()> &onWait) {
  constexpr mode_t kOwnerOnly = 0600;
  const std::string path = package + std::string(kLockSuffix);
  for (bool waited = false;;) {
    Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kOwnerOnly));
    if (!file) {
      return lockError(path);
    }
    CRIA_ASSIGN_OR_RETURN(const bool waitedNow, lockFile(file, path, waited ? [] {} : onWait));
    waited = waited || waitedNow;
    if (isAt(file, path)) {
      return CacheLock(path, std::move(file), waited);
    }
  }
}

void removeStaleLock(const std::string &path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (file && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
      flock(file.get(), LOCK_EX | LOCK_NB) == 0 && isAt(file, path)) {
    unlink(path.c_str());
  }
}

CacheLock::~CacheLock() {
  if (file_) {
    unlink(path_.c_str());
  }
}

} // namespace cria::cli
