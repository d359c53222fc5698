// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 of memory and of files.
#pragma once

#include "support/Status.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace cria {

/// An incremental digest. Not thread-safe; callers serialize.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256 &&) noexcept;
  Sha256 &operator=(Sha256 &&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// Ends the digest and returns it as 64 lower-case hexadecimal digits. Called once, as the last call.
  std::string finish();

  static std::string of(std::string_view bytes);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Returns the digest of a regular file. `progress` (optional) is called with the size in bytes of each
/// piece that was read. Errors: those of openRegularFile(); io.
StatusOr<std::string> sha256OfFile(const std::string &path,
                                   const std::function<void(uint64_t)> &progress = {});

} // namespace cria
