// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Publication of a finished folder under its name, which may replace an earlier one.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <string>

namespace cria {

/// Checks that a folder may be published at the place: the name is free or belongs to a finished folder.
/// Errors: invalidArgument if it belongs to anything else; io.
Status checkReplaceable(const FolderPlace &place, const FolderProof &proof);

/// Renames the finished folder `temporary` to the name of the place. A complete folder, the old or the new
/// one, has that name at all times, except on file systems that cannot exchange two folders: there the old
/// one is called NAME.old-<digits> for a moment, and cleanUpLeftovers() renames it back. On an error the old
/// folder has its name, or the message states its current name, and the caller still owns `temporary`.
/// Never replaces anything but a finished folder, even if it appears during the call. Errors:
/// invalidArgument, io.
Status publishFolder(FileSystem &files, const FolderPlace &place, const FolderProof &proof,
                     const std::string &temporary);

} // namespace cria
