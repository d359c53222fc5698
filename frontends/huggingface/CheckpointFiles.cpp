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

Status refusePointer(const std::string &path) {
  constexpr std::string_view beginning = "version https://git-lfs.github.com/spec/";
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  std::string bytes(beginning.size(), '\0');
  const ssize_t count = pread(file.descriptor.get(), bytes.data(), bytes.size(), 0);
  if (count != static_cast<ssize_t>(beginning.size()) || bytes != beginning) {
    return {};
  }
  return error(
      StatusCode::unsupported,
      "{}: expected the file itself, got the pointer of {} bytes that Git LFS keeps in its place; run "
      "'git lfs install' and 'git lfs pull' in the repository, or download the file",
      path, file.size);
}

StatusOr<std::string> readCheckpointFile(const std::string &path) {
  CRIA_RETURN_IF_ERROR(refusePointer(path));
  return readFile(path);
}

StatusOr<Json> readCheckpointJson(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readCheckpointFile(path));
  return parsePythonJson(text, path);
}

} // namespace cria::huggingface
