// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FileSystem.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cria {

int FileSystem::createFile(int folder, const char *name) {
  return Descriptor(openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) ? 0 : -1;
}

int FileSystem::makeFolder(int folder, const char *name, mode_t mode) { return mkdirat(folder, name, mode); }

int FileSystem::rename(int folder, const char *from, const char *to, unsigned flags) {
  return flags == 0 ? renameat(folder, from, folder, to) : renameat2(folder, from, folder, to, flags);
}

int FileSystem::remove(int folder, const char *name, int flags) { return unlinkat(folder, name, flags); }

int FileSystem::sync(int file) { return fsync(file); }

int FileSystem::lock(int file) { return flock(file, LOCK_EX | LOCK_NB); }

FileSystem &FileSystem::system() {
  static FileSystem files;
  return files;
}

Descriptor openFolder(int parent, const char *name) {
  return Descriptor(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool isSameFolder(int parent, const char *name, int folder) {
  struct stat named, opened;
  return fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(folder, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

bool makeDurable(FileSystem &files, int file) {
  // EBADF: the folder is searchable but not readable, and was opened with O_PATH.
  return files.sync(file) == 0 || errno == EINVAL || errno == EROFS || errno == EBADF;
}

} // namespace cria
