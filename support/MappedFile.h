// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MappedFile: a file that is mapped read-only. If another process makes the file shorter, an access beyond
// its new end raises SIGBUS; a program can then find out which file it was.
#pragma once

#include "support/File.h"

#include <cstddef>
#include <span>

namespace cria {

class MappedFile {
public:
  MappedFile() = default;
  /// Maps all bytes of a file, one of 2 MiB or more from a multiple of 2 MiB, in large pages where the kernel
  /// has them. `path` is for messages. Errors: io.
  static StatusOr<MappedFile> map(const RegularFile &file, const std::string &path);
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

private:
  std::span<const std::byte> bytes_;
  size_t slot_ = 0;
};

/// Returns the path of the file that is mapped at an address; null if there is none. May be called in signal
/// handlers. Valid as long as the file is mapped.
const char *findMappedFile(const void *address);

} // namespace cria
