// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leftovers, the folders of killed writers: NAME.tmp-<digits>, a folder that was being written or had just
// been replaced, and NAME.old-<digits>, a folder that was moved aside.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"

#include <string>

namespace cria {

inline constexpr const char *kTemporaryInfix = ".tmp-";
inline constexpr const char *kAsideInfix = ".old-";

/// Returns whether `name` has the form of a leftover, of any folder or of the folder `of`.
bool isLeftoverName(const std::string &name);
bool isLeftoverName(const std::string &name, const std::string &of);

/// Renames a folder that was moved aside back, if its name is free. Then removes the leftovers that carry a
/// proof and that no process is writing. Leftovers that cannot be restored or removed stay unchanged.
void cleanUpLeftovers(FileSystem &files, const FolderPlace &place, const FolderProof &proof);

} // namespace cria
