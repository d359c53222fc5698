// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The temporary folder of a package, and its move into place.
#include "passes/codegen/PackageFolder.h"

#include "passes/codegen/PackageWriter.h"
#include "support/Json.h"
#include "support/Sha256.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace cria {

namespace fs = std::filesystem;

/// The path without a trailing '/', which rename() and names beside it need.
static std::string normalized(const std::string &path) {
  size_t end = path.find_last_not_of('/');
  return end == path.npos ? path : path.substr(0, end + 1);
}

static bool isPackage(const std::string &path) {
  auto manifest = readJsonFile((fs::path(path) / "manifest.json").string());
  return manifest.ok() && manifest->is_object() && manifest->value("format", cria::Json()) == "cria";
}

static Status ioError(const std::string &path, const char *what) {
  return error(StatusCode::io, "{}: cannot {}: {}", path, what, std::strerror(errno));
}

static Status syncFolder(const std::string &path) {
  int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    return ioError(path, "open");
  }
  bool synced = fsync(folder) == 0;
  close(folder);
  return synced ? Status() : ioError(path, "make it durable");
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
    status = ioError(path, "make it durable");
  }
  close(file);
  return status;
}

Status checkPackageOutput(const std::string &path) {
  std::error_code failed;
  std::string final = normalized(path);
  fs::path parent = fs::path(final).parent_path();
  if (!parent.empty() && !fs::is_directory(parent, failed)) {
    return error(StatusCode::notFound, "{}: there is no folder to write it to", path);
  }
  if (fs::symlink_status(final, failed).type() != fs::file_type::not_found && !isPackage(final)) {
    return invalidArgument(
        "{}: something that is not a package is already there: remove it, or choose another name", path);
  }
  return {};
}

StatusOr<PackageFolder> PackageFolder::create(const std::string &finalPath) {
  CRIA_RETURN_IF_ERROR(checkPackageOutput(finalPath));
  std::string final = normalized(finalPath), temporary = final + ".tmp-XXXXXX";
  if (!mkdtemp(temporary.data())) {
    return ioError(temporary, "create a folder");
  }
  PackageFolder folder(final, temporary);
  // mkdtemp gives 0700; a package is as readable as any new folder.
  mode_t mask = umask(0);
  umask(mask);
  chmod(temporary.c_str(), 0777 & ~mask);
  for (const char *name : {"programs", "code", "weights"}) {
    std::error_code failed;
    if (!fs::create_directory(fs::path(temporary) / name, failed)) {
      return error(StatusCode::io, "{}/{}: cannot create a folder: {}", temporary, name, failed.message());
    }
  }
  return folder;
}

PackageFolder::PackageFolder(PackageFolder &&other) noexcept
    : finalPath_(std::move(other.finalPath_)), temporaryPath_(std::exchange(other.temporaryPath_, {})),
      files_(std::move(other.files_)) {}

PackageFolder::~PackageFolder() {
  if (!temporaryPath_.empty()) {
    std::error_code ignored;
    fs::remove_all(temporaryPath_, ignored);
  }
}

std::string PackageFolder::pathOf(std::string_view path) const {
  return temporaryPath_ + "/" + std::string(path);
}

Status PackageFolder::add(std::string_view path, std::string_view content) {
  CRIA_RETURN_IF_ERROR(writeDurably(pathOf(path), content));
  files_[std::string(path)] = {content.size(), Sha256::of(content)};
  return {};
}

Status PackageFolder::addWritten(std::string_view path, const std::function<void(uint64_t)> &progress) {
  std::string file = pathOf(path);
  CRIA_ASSIGN_OR_RETURN(std::string digest, sha256OfFile(file, progress));
  std::error_code failed;
  uint64_t size = fs::file_size(file, failed);
  files_[std::string(path)] = {size, std::move(digest)};
  return {};
}

Status PackageFolder::complete(std::string_view manifest) {
  CRIA_RETURN_IF_ERROR(writeDurably(pathOf("manifest.json"), manifest));
  std::string digest = Sha256::of(manifest) + "  manifest.json\n"; // as sha256sum prints it
  CRIA_RETURN_IF_ERROR(writeDurably(pathOf("manifest.sha256"), digest));
  for (const char *name : {"programs", "code", "weights"}) {
    std::error_code ignored;
    fs::remove(pathOf(name), ignored); // only when empty
    if (fs::exists(pathOf(name), ignored)) {
      CRIA_RETURN_IF_ERROR(syncFolder(pathOf(name)));
    }
  }
  CRIA_RETURN_IF_ERROR(syncFolder(temporaryPath_));
  // Exchanging keeps either the old or the new package in place at every moment; the destructor removes the
  // old one.
  if (renameat2(AT_FDCWD, temporaryPath_.c_str(), AT_FDCWD, finalPath_.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != ENOENT) {
      std::error_code failed;
      fs::remove_all(finalPath_, failed);
    }
    if (rename(temporaryPath_.c_str(), finalPath_.c_str()) != 0) {
      return ioError(finalPath_, "move the finished package there");
    }
    temporaryPath_.clear();
  }
  fs::path parent = fs::path(finalPath_).parent_path();
  return syncFolder(parent.empty() ? "." : parent.string());
}

} // namespace cria
