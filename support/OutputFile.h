// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file that gets its name when it is complete.
#pragma once

#include "support/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cria {

/// Written under a temporary name in the same folder and renamed by finish(). Without finish() the destructor
/// leaves nothing, and what had the name before stays as it was. (A process that is killed leaves
/// NAME.tmp-<process>.) A name that belongs to something else than a regular file (a terminal, a pipe,
/// /dev/null) is written to directly.
class OutputFile {
public:
  enum class Order { sequential, any };
  /// order: any allows reserve() and writeAt(), and only regular files. Errors: io; invalidArgument for what
  /// cannot be written in any order.
  static StatusOr<OutputFile> create(const std::string &path, Order order = Order::sequential);
  OutputFile(OutputFile &&other) noexcept;
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// The name it gets.
  const std::string &path() const { return path_; }

  /// Reserves the blocks, so that a full disk is an error now and not after an hour. Order::any.
  Status reserve(uint64_t size);
  /// Writes at an offset. Order::any.
  Status writeAt(uint64_t offset, std::span<const std::byte> bytes);
  /// Writes at the end.
  Status append(std::span<const std::byte> bytes);
  /// Makes it durable and gives it its name.
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
