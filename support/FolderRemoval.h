// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Removal of whole folders: the only place in the project that does it. Callers prove ownership first.
#pragma once

#include "support/FileSystem.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

/// The names in an open folder without "." and "..", sorted; none when it cannot be read.
std::optional<std::vector<std::string>> namesIn(int folder);

/// Removes the folder `name` of `parent` with everything in it, provided it still is the one that `folder` is
/// open on. Links are removed, never followed, and nothing on another file system is entered. The files that
/// prove whose folder it is go last, so that a removal that was cut short can be repeated. False with errno
/// set when something could not be removed.
bool removeFolder(FileSystem &files, int parent, const std::string &name, int folder,
                  const std::string &proofFile);

/// Whether `path` is a folder that removeOwnedFolder() removes when nobody uses it.
bool isOwnedFolder(const std::string &path, const FolderProof &proof);

/// Removes a finished folder, or one that a killed writer has left (by its name and content). Returns false,
/// and removes nothing, when it is being written at the moment.
/// Errors: invalidArgument when the proof is missing; io.
StatusOr<bool> removeOwnedFolder(const std::string &path, const FolderProof &proof,
                                 FileSystem &files = FileSystem::system());

} // namespace cria
