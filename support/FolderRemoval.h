// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Removal of folders with their contents. No other code removes folders. Callers first prove ownership.
#pragma once

#include "support/FileSystem.h"
#include "support/FolderProof.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

/// Returns the names in an open folder without "." and "..", sorted; nullopt if it cannot be read.
std::optional<std::vector<std::string>> namesIn(int folder);

/// Removes the folder `name` of `parent` and its contents, provided that it is still the folder that the
/// descriptor `folder` refers to. Removes symbolic links without following them, and does not enter other
/// file systems. Removes the proof of ownership last, so that an interrupted removal can be repeated.
/// Returns false and sets errno if something could not be removed.
bool removeFolder(FileSystem &files, int parent, const std::string &name, int folder,
                  const std::string &proofFile);

/// Returns whether removeOwnedFolder() removes the folder `path` if no process uses it.
bool isOwnedFolder(const std::string &path, const FolderProof &proof);

/// Removes a finished folder, or a leftover, which is recognized by its name and contents. Returns false
/// and removes nothing if a process is writing it. Errors: invalidArgument if the proof is missing; io.
StatusOr<bool> removeOwnedFolder(const std::string &path, const FolderProof &proof,
                                 FileSystem &files = FileSystem::system());

} // namespace cria
