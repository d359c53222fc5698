// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opening and reading whole files.
#pragma once

#include "support/Descriptor.h"
#include "support/Status.h"

#include <cstdint>
#include <string>

namespace cria {

/// A regular file that is open for reading.
struct RegularFile {
  Descriptor descriptor;
  uint64_t size = 0; // in bytes, when it was opened
};

/// Opens a regular file for reading. Never waits for the writer of a FIFO or for a device. Errors:
/// notFound; io if the file is not a regular one or cannot be opened.
StatusOr<RegularFile> openRegularFile(const std::string &path);

/// Reads a regular file entirely. Errors: those of openRegularFile(); invalidArgument if the file is larger
/// than `maxBytes`.
StatusOr<std::string> readFile(const std::string &path, uint64_t maxBytes = uint64_t(64) << 20);

/// Reads from a descriptor of any kind until its end. `name` begins each message. Errors: io;
/// invalidArgument if there are more than `maxBytes`.
StatusOr<std::string> readDescriptor(int descriptor, const std::string &name, uint64_t maxBytes);

/// Reads a file that the user names. Unlike readFile(), it also reads pipes, devices and the results of
/// process substitution until their end. Errors: notFound; those of readDescriptor().
StatusOr<std::string> readAnyFile(const std::string &path, uint64_t maxBytes);

/// Returns whether a path is `folder` or lies in it, after links are followed. Neither has to exist.
/// True if that cannot be known, so that callers protect what may lie there.
bool isWithin(const std::string &path, const std::string &folder);

} // namespace cria
