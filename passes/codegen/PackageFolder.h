// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A package that is being written: a temporary folder that is published in one step, or removed.
#pragma once

#include "support/OwnedFolder.h"
#include "support/Status.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace cria {

struct PackageEntry {
  uint64_t size = 0;
  std::string sha256;
};

/// Paths are relative to the package, with '/' and at most one folder in them. One thread at a time. The
/// destructor removes a package that is not complete.
class PackageFolder {
public:
  /// Makes OUT.tmp-XXXXXX. Errors: those of checkPackageOutput(); io.
  static StatusOr<PackageFolder> create(const std::string &finalPath);

  /// Writes a file durably. Errors: io, a full disk among them.
  Status add(std::string_view path, std::string_view content);
  /// Where the caller may write a file itself; makes the folder around it. Errors: io.
  StatusOr<std::string> place(std::string_view path);
  /// Computes the digest of a file that the caller wrote.
  Status addWritten(std::string_view path, const std::function<void(uint64_t)> &progress = {});
  const std::map<std::string, PackageEntry> &files() const { return files_; }

  /// Writes manifest.json and its digest, and publishes the folder as the final path, replacing a package
  /// that is there. Errors: io; invalidArgument when something else is there by now.
  Status complete(std::string_view manifest);

private:
  explicit PackageFolder(OwnedFolder folder) : folder_(std::move(folder)) {}
  std::string pathOf(std::string_view path) const;

  OwnedFolder folder_;
  std::set<std::string, std::less<>> subfolders_;
  std::map<std::string, PackageEntry> files_;
};

} // namespace cria
