// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OutputFile: a file that gets its name when it is complete.
#pragma once

#include "support/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cria {

/// The file is written under a new name in the same folder and renamed by finish(). Without finish(), the
/// destructor removes it, and an existing file with the name stays unchanged. (A killed process leaves
/// NAME.tmp-<digits>.) It gets the permissions of the file that it replaces. A name that does not belong to
/// a regular file (a terminal, a pipe, /dev/null) is written to directly. Not thread-safe, except for
/// writeAt() on disjoint ranges.
class OutputFile {
public:
  enum class Order { sequential, any };
  /// order: `any` allows reserve() and writeAt(), and requires a regular file. Errors: io; invalidArgument
  /// if a file that is not regular is to be written in any order.
  static StatusOr<OutputFile> create(const std::string &path, Order order = Order::sequential);
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// The final name.
  const std::string &path() const { return path_; }

  /// Allocates `size` bytes on the disk, so that a full disk is reported before the data is written.
  /// REQUIRES: Order::any. Errors: io.
  Status reserve(uint64_t size);
  /// Writes bytes at an offset. REQUIRES: Order::any. Errors: io.
  Status writeAt(uint64_t offset, std::span<const std::byte> bytes);
  /// Appends bytes. Errors: io.
  Status append(std::span<const std::byte> bytes);
  /// Flushes the file to the disk and renames it to its final name. Errors: io.
  Status finish();

private:
  OutputFile(std::string path, std::string temporary, int file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}
  bool isRegular() const { return !temporary_.empty(); }
  Status ioError(const char *what) const;
  template <typename Write> Status writeAll(std::span<const std::byte> bytes, Write write);

  std::string path_;
  std::string temporary_; // empty: written in place
  int file_ = -1;
};

} // namespace cria
