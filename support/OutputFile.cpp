// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/OutputFile.h"

#include "support/FolderPlace.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cria {

namespace {
namespace fs = std::filesystem;

constexpr int kMaxAttempts = 100; // to find a free name
constexpr mode_t kNewFile = 0666; // restricted by the umask
constexpr mode_t kPermissions = 0777;

/// A new file; -1 with errno if there is none.
struct NewFile {
  std::string path;
  int descriptor = -1;
};

/// Creates PATH.tmp-<digits>. A name that exists belongs to someone else.
NewFile createBeside(const std::string &path) {
  NewFile file;
  for (int attempt = 0; attempt < kMaxAttempts && file.descriptor < 0; ++attempt) {
    file.path = fmt::format("{}.tmp-{}", path, randomSuffix());
    file.descriptor = open(file.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kNewFile);
    if (file.descriptor < 0 && errno != EEXIST) {
      break;
    }
  }
  return file;
}

/// Gives the file the permissions of the one that it will replace, if there is one.
void copyPermissions(const std::string &from, int to) {
  struct stat existing;
  if (stat(from.c_str(), &existing) == 0) {
    (void)fchmod(to, existing.st_mode & kPermissions); // best effort: some file systems have none
  }
}
} // namespace

StatusOr<OutputFile> OutputFile::create(const std::string &path, Order order) {
  std::error_code failed;
  fs::file_type type = fs::status(path, failed).type();
  if (type == fs::file_type::none) { // the name is too long, or a folder is not searchable
    return error(StatusCode::io, "{}: cannot create: {}", path, failed.message());
  }
  bool isOther = type != fs::file_type::not_found && type != fs::file_type::regular;
  if (isOther && order == Order::any) {
    return invalidArgument(
        "{}: expected the name of a regular file, got {}, which supports only sequential writes", path,
        type == fs::file_type::directory ? "a folder" : "a device or pipe");
  }
  CRIA_ASSIGN_OR_RETURN(const std::string final, resolveLinks(path)); // so that no link is replaced
  NewFile file =
      isOther ? NewFile{.descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC)} : createBeside(final);
  if (file.descriptor < 0) {
    return error(StatusCode::io, "{}: cannot create: {}", path, std::strerror(errno));
  }
  if (!isOther) {
    copyPermissions(final, file.descriptor);
  }
  return OutputFile(isOther ? path : final, std::move(file.path), file.descriptor);
}

OutputFile::OutputFile(OutputFile &&other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)) {}

OutputFile::~OutputFile() {
  if (file_ >= 0) {
    close(file_);
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

Status OutputFile::ioError(const char *what) const {
  return error(StatusCode::io, "{}: cannot {}: {}", path_, what, std::strerror(errno));
}

template <typename Write> Status OutputFile::writeAll(std::span<const std::byte> bytes, Write write) {
  while (!bytes.empty()) {
    ssize_t count = write(bytes);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return ioError("write");
    }
    bytes = bytes.subspan(size_t(count));
  }
  return {};
}

Status OutputFile::reserve(uint64_t size) {
  if (size > 0 && fallocate(file_, 0, 0, off_t(size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    return ioError(fmt::format("reserve {} bytes", size).c_str());
  }
  return ftruncate(file_, off_t(size)) == 0 ? Status()
                                            : ioError(fmt::format("set the size to {} bytes", size).c_str());
}

Status OutputFile::writeAt(uint64_t offset, std::span<const std::byte> bytes) {
  return writeAll(bytes, [&, offset](std::span<const std::byte> rest) {
    return pwrite(file_, rest.data(), rest.size(), off_t(offset + (bytes.size() - rest.size())));
  });
}

Status OutputFile::append(std::span<const std::byte> bytes) {
  return writeAll(bytes,
                  [&](std::span<const std::byte> rest) { return ::write(file_, rest.data(), rest.size()); });
}

Status OutputFile::finish() {
  bool isDurable = !isRegular() || fsync(file_) == 0; // devices and pipes do not support it
  if (!isDurable || close(std::exchange(file_, -1)) != 0) {
    return ioError("finish writing");
  }
  if (isRegular() && rename(temporary_.c_str(), path_.c_str()) != 0) {
    return ioError("rename the finished file");
  }
  temporary_.clear();
  return {};
}

} // namespace cria
