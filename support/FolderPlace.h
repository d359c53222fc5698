// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FolderPlace: the place of a folder in the file system, that is, an open parent and a name in it.
#pragma once

#include "support/FileSystem.h"
#include "support/Status.h"

#include <filesystem>
#include <string>

namespace cria {

struct FolderPlace {
  /// The path of the parent with a '/', for messages; empty for the current folder.
  std::string prefix;
  std::string name;
  Descriptor parent;

  /// The place that `path` names, which need not exist. Errors: invalidArgument for a path without a name,
  /// such as "." or "x/.."; notFound if the parent does not exist; io.
  static StatusOr<FolderPlace> of(const std::string &path);
  /// The same, but follows symbolic links. Errors: those of of(); io for a loop of links.
  static StatusOr<FolderPlace> behindLinks(const std::string &path);

  std::string path() const { return prefix + name; }
  std::string pathOf(const std::string &sibling) const { return prefix + sibling; }
  /// Returns whether the name exists in the parent, also as a broken link.
  bool exists(const std::string &sibling) const;
};

/// Renames a folder within the parent. Fails with EEXIST if `to` exists, atomically if the file system
/// supports it.
bool moveWithoutReplacing(FileSystem &files, const FolderPlace &place, const std::string &from,
                          const std::string &to);

/// Follows symbolic links in place of the last component, also to what does not exist. Errors: io for a loop.
StatusOr<std::string> resolveLinks(std::filesystem::path path);

/// The number of hexadecimal digits of randomSuffix(): more than a person gives a name of a backup.
inline constexpr size_t kSuffixLength = 16;

/// Returns random hexadecimal digits for a new name.
std::string randomSuffix();

} // namespace cria
