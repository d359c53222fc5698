// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 of memory and of files, by libcrypto.
#pragma once

#include "support/Status.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace cria {

/// A digest under way. One thread at a time.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256 &&) noexcept;
  Sha256 &operator=(Sha256 &&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// Ends the digest: 64 lower-case hexadecimal digits. Call once.
  std::string finish();

  static std::string of(std::string_view bytes);

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// The digest of a regular file, which is read in pieces; `progress` (optional) is called with the bytes of
/// each piece. Errors: those of openRegularFile(); io.
StatusOr<std::string> sha256OfFile(const std::string &path,
                                   const std::function<void(uint64_t)> &progress = {});

} // namespace cria
