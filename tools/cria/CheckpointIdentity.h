// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CheckpointIdentity: what distinguishes two checkpoints without reading all of their weights.
#pragma once

#include "support/Status.h"

#include <filesystem>
#include <string>

namespace cria::cli {

/// Returns the SHA-256 of `target`, of `folder`, which is a canonical path, and, for each file in it and for
/// `compiler`, its canonical path, device, inode, size, times of modification and of status change, its first
/// 4 MiB, and 256 samples of 4 KiB from all over it. Two checkpoints never share an identity because they
/// begin alike and have equal sizes and times. Errors: io.
StatusOr<std::string> identityOfCheckpoint(const std::filesystem::path &folder,
                                           const std::filesystem::path &compiler, const std::string &target);

/// Returns a text that is another one if the folder or anything in it, also a link, was changed or replaced
/// since, even if it was put back. `folder`: a canonical path. Errors: io.
StatusOr<std::string> stateOfCheckpoint(const std::filesystem::path &folder);

} // namespace cria::cli
