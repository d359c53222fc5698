// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What writers that were killed have left: NAME.tmp-XXXXXX, a folder that was being written or had just been
// replaced, and NAME.old-XXXXXX, one that was moved aside to make place.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"

#include <string>

namespace cria {

inline constexpr const char *kTemporaryInfix = ".tmp-";
inline constexpr const char *kAsideInfix = ".old-";

/// Whether `name` has the form of a leftover of any folder, or of the folder `of`.
bool isLeftoverName(const std::string &name);
bool isLeftoverName(const std::string &name, const std::string &of);

/// Gives a folder that was moved aside its name back, if nothing has that name; then removes the leftovers
/// that are proven and that nobody writes at the moment. Whatever cannot be dealt with stays as it is.
void cleanUpLeftovers(FileSystem &files, const FolderPlace &place, const FolderProof &proof);

} // namespace cria
