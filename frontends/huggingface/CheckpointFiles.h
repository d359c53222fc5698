// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of a checkpoint folder. What stands in place of a file, as after an incomplete download, is
// named.
#pragma once

#include "support/Json.h"
#include "support/Status.h"

#include <string>
#include <string_view>

namespace cria::huggingface {

/// The path of a file in the folder.
std::string inFolder(const std::string &folder, std::string_view name);

/// True if there is anything at `path`. A link whose file is missing is there, and reading it is an error.
bool isThere(const std::string &path);

/// An error if the file is the pointer that Git LFS leaves in place of a file that was not downloaded.
Status refusePointer(const std::string &path);

/// Read a file. Errors: those of readFile(), readJsonFile() and refusePointer().
StatusOr<std::string> readCheckpointFile(const std::string &path);
StatusOr<Json> readCheckpointJson(const std::string &path);

} // namespace cria::huggingface
