// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder that is written under a temporary name and then published in one step, or removed.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Whether create() would accept the path. Errors: those of create().
Status checkOutputFolder(const std::string &finalPath, const FolderProof &proof);

/// While it is written, the folder is locked and holds the file kUnfinishedFile, so that other processes can
/// tell it from a leftover, and a leftover from a folder of somebody else. The destructor removes a folder
/// that was not published. One thread at a time.
class OwnedFolder {
public:
  /// Cleans up what killed writers have left for this path (cleanUpLeftovers()) and makes NAME.tmp-XXXXXX in
  /// the same parent. A link leads to where it points.
  /// Errors: invalidArgument for "." and "..", and when something that is not a finished folder is there;
  /// notFound without a parent; io.
  static StatusOr<OwnedFolder> create(const std::string &finalPath, FolderProof proof,
                                      FileSystem &files = FileSystem::system());
  /// Makes PREFIX.tmp-XXXXXX in the folder for temporary files, for this user only. It cannot be published.
  static StatusOr<OwnedFolder> createTemporary(const std::string &prefix,
                                               FileSystem &files = FileSystem::system());

  OwnedFolder(OwnedFolder &&other) noexcept;
  OwnedFolder &operator=(OwnedFolder &&) = delete;
  ~OwnedFolder();

  /// Where it is now.
  std::string path() const { return place_.pathOf(temporary_); }
  /// Makes a folder in it. Errors: io.
  Status addFolder(const std::string &name);
  /// Publishes the folder as the final path and removes the finished folder that was there. It must hold its
  /// proof, and the caller has made its files durable. Once, as the last call. Errors: as publishFolder();
  /// internal without the proof.
  Status publish();

private:
  OwnedFolder(FileSystem &files, FolderPlace place, FolderProof proof)
      : files_(&files), place_(std::move(place)), proof_(std::move(proof)) {}
  Status make(mode_t mode);
  bool tryToMake(mode_t mode);
  Status makeContentDurable();
  Status failed(const std::string &path, const char *what) const;

  FileSystem *files_;
  FolderPlace place_; // the final one
  FolderProof proof_;
  std::string temporary_; // empty: nothing to remove
  Descriptor folder_;
  std::vector<std::string> subfolders_;
};

} // namespace cria
