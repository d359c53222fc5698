// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The system calls that change folders, as virtual functions, so that a test can make each of them fail.
#pragma once

#include "support/Descriptor.h"

#include <sys/types.h>

namespace cria {

/// Each member function wraps one system call: it returns -1 and sets errno on failure. `folder` is the
/// descriptor of an open folder, and names are relative to it. Thread-safe.
class FileSystem {
public:
  virtual ~FileSystem() = default;

  /// Creates an empty file and closes it. EEXIST: the name exists.
  virtual int createFile(int folder, const char *name);
  virtual int makeFolder(int folder, const char *name, mode_t mode);
  /// `flags` are those of renameat2(). Without flags, an empty folder with the name `to` is replaced.
  virtual int rename(int folder, const char *from, const char *to, unsigned flags);
  /// `flags` is 0 for files and links, or AT_REMOVEDIR for an empty folder.
  virtual int remove(int folder, const char *name, int flags);
  virtual int sync(int file);
  /// Acquires an exclusive lock that lasts until the file is closed. EWOULDBLOCK: another process holds it.
  virtual int lock(int file);

  /// Calls the operating system.
  static FileSystem &system();
};

/// Opens a folder for reading. Does not follow a symbolic link as the last component of `name`.
Descriptor openFolder(int parent, const char *name);

/// Returns whether `name` in `parent` is currently the folder that the descriptor `folder` refers to.
bool isSameFolder(int parent, const char *name, int folder);

/// Flushes a file or folder to the disk. Also returns true on file systems that do not support it.
bool makeDurable(FileSystem &files, int file);

} // namespace cria
