// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A package being written: a temporary folder beside its final place that takes it in one rename, or
// vanishes.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cria {

struct PackageEntry {
  uint64_t size = 0;
  std::string sha256;
};

/// Paths are relative to the package, with '/'. One thread at a time. The destructor removes what is not
/// complete.
class PackageFolder {
public:
  /// Makes OUT.tmp-XXXXXX. Errors: those of checkPackageOutput(); io.
  static StatusOr<PackageFolder> create(const std::string &finalPath);
  ~PackageFolder();
  PackageFolder(PackageFolder &&other) noexcept;
  PackageFolder &operator=(PackageFolder &&) = delete;

  /// Writes a file durably. Errors: io, a full disk among them.
  Status add(std::string_view path, std::string_view content);
  /// Where to write a file oneself; addWritten() then computes its digest.
  std::string pathOf(std::string_view path) const;
  Status addWritten(std::string_view path, const std::function<void(uint64_t)> &progress = {});
  const std::map<std::string, PackageEntry> &files() const { return files_; }

  /// Writes manifest.json and its digest, and moves the folder to its final place, replacing a package that
  /// is there.
  Status complete(std::string_view manifest);

private:
  PackageFolder(std::string finalPath, std::string temporaryPath)
      : finalPath_(std::move(finalPath)), temporaryPath_(std::move(temporaryPath)) {}

  std::string finalPath_, temporaryPath_;
  std::map<std::string, PackageEntry> files_;
};

} // namespace cria
