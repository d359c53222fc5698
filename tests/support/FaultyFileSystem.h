// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file system in which a test makes chosen calls fail, or runs code before and after them.
#pragma once

#include "support/FileSystem.h"

#include <cerrno>
#include <fcntl.h>
#include <functional>

namespace cria::test {

class FaultyFileSystem : public FileSystem {
public:
  /// Called before each call with its number, from 0. Nonzero: the call fails with this errno.
  std::function<int(int call)> before = [](int) { return 0; };
  /// Called after each call that was made.
  std::function<void(int call)> after = [](int) {};
  /// Renames with flags fail with EINVAL, as on NFS.
  bool hasRenameFlags = true;
  /// Folders can be locked, unlike on NFS.
  bool hasLocks = true;

  int calls() const { return calls_; }

  int createFile(int folder, const char *name) override {
    return call([&] { return FileSystem::createFile(folder, name); });
  }
  int makeFolder(int folder, const char *name, mode_t mode) override {
    return call([&] { return FileSystem::makeFolder(folder, name, mode); });
  }
  int rename(int folder, const char *from, const char *to, unsigned flags) override {
    return call([&] {
      return flags != 0 && !hasRenameFlags ? refuse(EINVAL) : FileSystem::rename(folder, from, to, flags);
    });
  }
  int remove(int folder, const char *name, int flags) override {
    return call([&] { return FileSystem::remove(folder, name, flags); });
  }
  /// Flushes nothing, because no test simulates a loss of power.
  int sync(int) override {
    return call([] { return 0; });
  }
  int lock(int file) override {
    return call([&] { return hasLocks ? FileSystem::lock(file) : refuse(EBADF); });
  }

private:
  static int refuse(int problem) {
    errno = problem;
    return -1;
  }

  template <typename Call> int call(Call make) {
    const int number = calls_++;
    if (const int problem = before(number); problem != 0) {
      return refuse(problem);
    }
    const int result = make();
    const int problem = errno;
    after(number);
    errno = problem;
    return result;
  }

  int calls_ = 0;
};

} // namespace cria::test
