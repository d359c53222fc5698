// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OwnedFolder: a folder that is written under a temporary name and then published atomically, or removed.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Checks that create() accepts the path. Errors: those of create().
Status checkOutputFolder(const std::string &finalPath, const FolderProof &proof);

/// While it is written, the folder is locked and contains the file kUnfinishedFile, so that other processes
/// can distinguish it from a leftover, and a leftover from folders of other programs. The destructor
/// removes a folder that was not published. Not thread-safe; callers serialize.
class OwnedFolder {
public:
  /// Cleans up the leftovers of this path (cleanUpLeftovers()) and creates NAME.tmp-<digits> in the same
  /// parent. Follows symbolic links. Errors: invalidArgument for "." and "..", and if the name belongs to
  /// anything but a finished folder; notFound if the parent does not exist; io.
  static StatusOr<OwnedFolder> create(const std::string &finalPath, FolderProof proof,
                                      FileSystem &files = FileSystem::system());
  /// Creates PREFIX.tmp-<digits> in the folder for temporary files, accessible only to this user. It cannot
  /// be published. Errors: io.
  static StatusOr<OwnedFolder> createTemporary(const std::string &prefix,
                                               FileSystem &files = FileSystem::system());

  OwnedFolder(OwnedFolder &&other) noexcept;
  OwnedFolder &operator=(OwnedFolder &&) = delete;
  ~OwnedFolder();

  /// The current path.
  std::string path() const { return place_.pathOf(temporary_); }
  /// Creates a subfolder. Errors: io.
  Status addFolder(const std::string &name);
  /// Publishes the folder under the final path and removes the finished folder that had it. REQUIRES: the
  /// caller has flushed the files to the disk. Called once, as the last call. Errors: those of
  /// publishFolder(); internal if the proof is missing.
  Status publish();

private:
  OwnedFolder(FileSystem &files, FolderPlace place, FolderProof proof)
      : files_(&files), place_(std::move(place)), proof_(std::move(proof)) {}
  Status make(mode_t mode);
  bool tryToMake(mode_t mode);
  Status makeContentDurable();
  Status failed(const std::string &path, const char *what) const;

  FileSystem *files_;
  FolderPlace place_; // of the published folder
  FolderProof proof_;
  std::string temporary_; // empty if there is no folder to remove
  Descriptor folder_;
  std::vector<std::string> subfolders_;
};

} // namespace cria
