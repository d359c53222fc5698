// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CacheLock: one process compiles a package into the cache, others wait for it.
#pragma once

#include "support/Descriptor.h"
#include "support/Status.h"

#include <functional>
#include <string>

namespace cria::cli {

inline constexpr std::string_view kLockSuffix = ".lock";

/// Holds the file PACKAGE.lock locked. The destructor removes it. The end of a process, of whatever kind,
/// releases it.
class CacheLock {
public:
  /// Waits until no other process holds the lock; calls `onWait` before. Errors: io if the file cannot be
  /// made or locked.
  static StatusOr<CacheLock> acquire(const std::string &package, const std::function<void()> &onWait);
  CacheLock(CacheLock &&other) noexcept = default;
  CacheLock &operator=(CacheLock &&) = delete;
  ~CacheLock();

  /// Whether another process held the lock before.
  bool waited() const { return waited_; }

private:
  CacheLock(std::string path, Descriptor file, bool waited)
      : path_(std::move(path)), file_(std::move(file)), waited_(waited) {}

  std::string path_;
  Descriptor file_;
  bool waited_;
};

/// Removes the lock file `path` that a killed process left, if it is an empty file that no process holds.
void removeStaleLock(const std::string &path);

} // namespace cria::cli
