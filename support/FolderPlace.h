// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The place of a folder in the file system: an open parent and a name in it.
#pragma once

#include "support/FileSystem.h"
#include "support/Status.h"

#include <string>

namespace cria {

struct FolderPlace {
  /// The parent's path and '/', as messages show it; empty for the current folder.
  std::string prefix;
  std::string name;
  Descriptor parent;

  /// The place that `path` names, whether or not it exists.
  /// Errors: invalidArgument for a path without a name, such as "." or "x/.."; notFound without a parent; io.
  static StatusOr<FolderPlace> of(const std::string &path);
  /// The same, but a link leads to the place it points to. Errors: those of of(); io for a loop of links.
  static StatusOr<FolderPlace> behindLinks(const std::string &path);

  std::string path() const { return prefix + name; }
  std::string pathOf(const std::string &sibling) const { return prefix + sibling; }
  /// Whether anything, a broken link too, has the name.
  bool exists(const std::string &sibling) const;
};

/// Renames within the place's parent, and fails with EEXIST when `to` exists: atomically where the file
/// system can.
bool moveWithoutReplacing(FileSystem &files, const FolderPlace &place, const std::string &from,
                          const std::string &to);

inline constexpr size_t kSuffixLength = 6;

/// Random letters and digits, for a name that nobody has yet.
std::string randomSuffix();

} // namespace cria
