// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a folder shows that this program made it. Nothing is replaced or removed without this proof.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cria {

/// A finished folder is recognized by the content of one file in it.
struct FolderProof {
  /// What such a folder is called in messages, e.g. "package".
  std::string noun;
  /// The name of a file directly in the folder.
  std::string file;
  std::function<bool(std::string_view content)> accepts;
};

/// A folder that is still being written holds an empty file of this name.
inline constexpr const char *kUnfinishedFile = ".cria-unfinished";

/// Whether the folder holds the proof of a finished one. Links are not followed.
bool isFinished(int folder, const FolderProof &proof);
/// Whether the folder has the mark of one that is being written, or was when its writer was killed.
bool isUnfinished(int folder);
/// Whether nothing is in the folder; false when it cannot be read.
bool isEmpty(int folder);

} // namespace cria
