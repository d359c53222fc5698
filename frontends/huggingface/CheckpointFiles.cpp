// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/CheckpointFiles.h"

#include "support/File.h"

#include <filesystem>
#include <unistd.h>

namespace cria::huggingface {

namespace fs = std::filesystem;

std::string inFolder(const std::string &folder, std::string_view name) {
  return (fs::path(folder) / name).string();
}

bool isThere(const std::string &path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

/// Adds to the error of a file that cannot be opened that its download was not completed.
static Status withPartialDownload(const Status &status, const std::string &path) {
  const std::string partial = findPartialDownload(path);
  return status.code() != StatusCode::notFound || partial.empty()
             ? status
             : error(status.code(), "{}; its download was not completed, and left '{}': continue it",
                     status.message(), printable(partial));
}

/// A file that aria2 has not completed has its full size and zeros in place of what is missing.
static Status refuseAria(const std::string &path) {
  const std::string control = path + ".aria2";
  return isThere(control)
             ? error(StatusCode::unsupported, "{}: its download was not completed, as '{}' says: continue it",
                     path, printable(control))
             : Status();
}

Status refuseStandIn(const std::string &path, FileContent expected) {
  StatusOr<RegularFile> file = openRegularFile(path);
  if (!file.ok()) {
    return withPartialDownload(file.status(), path);
  }
  CRIA_RETURN_IF_ERROR(refuseAria(path));
  std::string bytes(kStandInBytes, '\0');
  const ssize_t count = pread(file->descriptor.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(count < 0 ? 0 : static_cast<size_t>(count));
  const std::optional<StandIn> standIn = findStandIn(bytes, file->size, expected);
  return standIn ? standsIn(path, *standIn) : Status();
}

StatusOr<std::string> readCheckpointFile(const std::string &path, FileContent expected) {
  CRIA_RETURN_IF_ERROR(refuseStandIn(path, expected));
  return readFile(path);
}

StatusOr<Json> readCheckpointJson(const std::string &path, OrderedJson *inOrder) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readCheckpointFile(path, FileContent::json));
  CRIA_ASSIGN_OR_RETURN(Json json, parsePythonJson(text, path));
  if (inOrder != nullptr) {
    *inOrder = parseInOrder(text);
  }
  const std::optional<StandIn> standIn = findErrorBody(json);
  return standIn ? StatusOr<Json>(standsIn(path, *standIn)) : StatusOr<Json>(std::move(json));
}

} // namespace cria::huggingface
