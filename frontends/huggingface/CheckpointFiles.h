// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of a checkpoint folder. What stands in place of a file, as after an incomplete download, is
// named.
#pragma once

#include "frontends/huggingface/StandIns.h"
#include "support/Json.h"
#include "support/Status.h"

#include <string>
#include <string_view>

namespace cria::huggingface {

/// The path of a file in the folder.
std::string inFolder(const std::string &folder, std::string_view name);

/// True if there is anything at `path`. A link whose file is missing is there, and reading it is an error.
bool isThere(const std::string &path);

/// An error if the file is not there, with what is left of its download, or if something else stands in its
/// place. Errors: notFound; unsupported; io.
Status refuseStandIn(const std::string &path, FileContent expected);

/// Read a file. Errors: those of readFile(), parsePythonJson() and refuseStandIn().
StatusOr<std::string> readCheckpointFile(const std::string &path, FileContent expected);
/// Stores in `inOrder` the same with members in the order of the file.
StatusOr<Json> readCheckpointJson(const std::string &path, OrderedJson *inOrder = nullptr);

} // namespace cria::huggingface
