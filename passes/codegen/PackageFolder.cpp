// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of a package on their way to the disk.
#include "passes/codegen/PackageFolder.h"

#include "format/PackageProof.h"
#include "passes/codegen/PackageWriter.h"
#include "support/Json.h"
#include "support/Sha256.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace cria {

static Status ioError(const std::string &path, const char *what) {
  return error(StatusCode::io, "{}: cannot {}: {}", path, what, std::strerror(errno));
}

static Status writeDurably(const std::string &path, std::string_view content) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    return ioError(path, "create");
  }
  Status status;
  while (!content.empty() && status.ok()) {
    ssize_t count = write(file, content.data(), content.size());
    if (count > 0) {
      content.remove_prefix(size_t(count));
    } else if (count == 0 || errno != EINTR) {
      status = ioError(path, "write");
    }
  }
  if (status.ok() && fsync(file) != 0) {
    status = ioError(path, "sync");
  }
  close(file);
  return status;
}

Status checkPackageOutput(const std::string &path) { return checkOutputFolder(path, packageProof()); }

StatusOr<PackageFolder> PackageFolder::create(const std::string &finalPath) {
  CRIA_ASSIGN_OR_RETURN(OwnedFolder folder, OwnedFolder::create(finalPath, packageProof()));
  return PackageFolder(std::move(folder));
}

std::string PackageFolder::pathOf(std::string_view path) const {
  return folder_.path() + "/" + std::string(path);
}

StatusOr<std::string> PackageFolder::place(std::string_view path) {
  std::string subfolder(path.substr(0, path.rfind('/')));
  if (subfolder != path && subfolders_.insert(subfolder).second) {
    CRIA_RETURN_IF_ERROR(folder_.addFolder(subfolder));
  }
  return pathOf(path);
}

Status PackageFolder::add(std::string_view path, std::string_view content) {
  CRIA_ASSIGN_OR_RETURN(std::string file, place(path));
  CRIA_RETURN_IF_ERROR(writeDurably(file, content));
  files_[std::string(path)] = {content.size(), Sha256::of(content)};
  return {};
}

Status PackageFolder::addWritten(std::string_view path, const std::function<void(uint64_t)> &progress) {
  std::string file = pathOf(path);
  CRIA_ASSIGN_OR_RETURN(std::string digest, sha256OfFile(file, progress));
  std::error_code failed;
  uint64_t size = std::filesystem::file_size(file, failed);
  files_[std::string(path)] = {size, std::move(digest)};
  return {};
}

Status PackageFolder::complete(std::string_view manifest) {
  CRIA_RETURN_IF_ERROR(writeDurably(pathOf("manifest.json"), manifest));
  std::string digest = Sha256::of(manifest) + "  manifest.json\n"; // as sha256sum prints it
  CRIA_RETURN_IF_ERROR(writeDurably(pathOf("manifest.sha256"), digest));
  return folder_.publish();
}

} // namespace cria
