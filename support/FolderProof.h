// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FolderProof: how a folder proves that this program made it. No folder is replaced or removed without a
// proof.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cria {

/// A finished folder is recognized by the contents of one file in it.
struct FolderProof {
  /// The noun for such a folder in messages, e.g. "package".
  std::string noun;
  /// The name of a file directly in the folder.
  std::string file;
  std::function<bool(std::string_view content)> accepts;
};

/// A folder that is being written contains an empty file with this name.
inline constexpr const char *kUnfinishedFile = ".cria-unfinished";

/// Returns whether the folder contains the proof of a finished folder. Does not follow symbolic links.
bool isFinished(int folder, const FolderProof &proof);
/// Returns whether the folder contains kUnfinishedFile: it is being written, or its writer was killed.
bool isUnfinished(int folder);
/// Returns whether the folder is empty; false if it cannot be read.
bool isEmpty(int folder);

} // namespace cria
