// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading whole files.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <string>

namespace cria {

/// Reads a regular file. Never waits, neither for the writer of a FIFO nor for a device: those are errors.
/// Errors: notFound; io for what is not a regular file or cannot be read; invalidArgument when it is larger than
/// `maxBytes`.
StatusOr<std::string> readFile(const std::string &path, uint64_t maxBytes = uint64_t(64) << 20);

/// Reads a descriptor of any kind to its end, and waits for it. `name` starts each message.
/// Errors: io; invalidArgument when there are more than `maxBytes`.
StatusOr<std::string> readDescriptor(int descriptor, const std::string &name, uint64_t maxBytes);

/// readFile() for files that the user names: pipes, devices and the results of process substitution are read to
/// their end.
StatusOr<std::string> readAnyFile(const std::string &path, uint64_t maxBytes);

} // namespace cria
