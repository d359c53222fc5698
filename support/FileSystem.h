// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The system calls that change folders, as functions that a test can replace to make each of them fail.
#pragma once

#include "support/Descriptor.h"

#include <sys/types.h>

namespace cria {

/// Each member is the system call of the same purpose: it returns -1 and sets errno on failure. `folder` is
/// an open folder, and names are relative to it. Thread-safe.
class FileSystem {
public:
  virtual ~FileSystem() = default;

  /// Creates an empty file, which must not exist yet, and closes it.
  virtual int createFile(int folder, const char *name);
  virtual int makeFolder(int folder, const char *name, mode_t mode);
  /// `flags` are those of renameat2(). With none, what has the name `to` is replaced if it is an empty
  /// folder.
  virtual int rename(int folder, const char *from, const char *to, unsigned flags);
  /// `flags` is 0 for files and links, or AT_REMOVEDIR for an empty folder.
  virtual int remove(int folder, const char *name, int flags);
  virtual int sync(int file);
  /// Takes an exclusive lock that lasts until the file is closed. EWOULDBLOCK: somebody else has it.
  virtual int lock(int file);

  /// The operating system's.
  static FileSystem &system();
};

/// Opens a folder for reading; never follows a link as the last component of `name`.
Descriptor openFolder(int parent, const char *name);

/// Whether `name` in `parent` is, at this moment, the folder that `folder` is open on.
bool isSameFolder(int parent, const char *name, int folder);

/// Flushes to the disk. True as well on file systems that cannot.
bool makeDurable(FileSystem &files, int file);

} // namespace cria
