// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gives a finished folder its name, in the place of an earlier one if there is one.
#pragma once

#include "support/FolderPlace.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <string>

namespace cria {

/// Whether a folder may be published at the place: nothing is there, or a finished folder.
/// Errors: invalidArgument when something else is there; io when that cannot be found out.
Status checkReplaceable(const FolderPlace &place, const FolderProof &proof);

/// Renames the finished folder `temporary` to the name of the place. At every moment a complete folder, the
/// old or the new one, has that name. Only on file systems that cannot exchange two folders is there a moment
/// without one: the old one is then called NAME.old-XXXXXX, and cleanUpLeftovers() gives it its name back.
/// On an error the old folder has its name, or the message says which other; `temporary` is the caller's
/// again. What is not a finished folder is never replaced, even if it appears during the call.
Status publishFolder(FileSystem &files, const FolderPlace &place, const FolderProof &proof,
                     const std::string &temporary);

} // namespace cria
