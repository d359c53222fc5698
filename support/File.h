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

/// Opens a regular file for reading. Never waits, neither for the writer of a FIFO nor for a device: those
/// are errors. Errors: notFound; io for what is not a regular file or cannot be opened.
StatusOr<RegularFile> openRegularFile(const std::string &path);

/// Reads a whole file that openRegularFile() opens. Errors: also invalidArgument when it is larger than
/// `maxBytes`.
StatusOr<std::string> readFile(const std::string &path, uint64_t maxBytes = uint64_t(64) << 20);

/// Reads a descriptor of any kind to its end, and waits for it. `name` starts each message.
/// Errors: io; invalidArgument when there are more than `maxBytes`.
StatusOr<std::string> readDescriptor(int descriptor, const std::string &name, uint64_t maxBytes);

/// Reads a file that the user names. Unlike readFile() it also reads pipes, devices and the results of
/// process substitution, to their end.
StatusOr<std::string> readAnyFile(const std::string &path, uint64_t maxBytes);

} // namespace cria
