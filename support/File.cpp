// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/File.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cria {
namespace {

StatusOr<Descriptor> openToRead(const std::string &path, int flags) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  const int failure = errno;
  std::error_code problem;
  if (!file && failure == ENOENT && std::filesystem::is_symlink(path, problem)) {
    return error(StatusCode::notFound, "{}: cannot open: the link leads to '{}', which does not exist", path,
                 std::filesystem::read_symlink(path, problem).string());
  }
  if (!file) {
    return error(failure == ENOENT ? StatusCode::notFound : StatusCode::io, "{}: cannot open: {}", path,
                 std::strerror(failure));
  }
  return file;
}

/// Reads up to `size` bytes, and fewer only at the end of the file.
StatusOr<size_t> readUpTo(int file, char *data, size_t size, const std::string &name) {
  size_t done = 0;
  while (done < size) {
    ssize_t count = read(file, data + done, size - done);
    if (count < 0 && errno != EINTR) {
      return error(StatusCode::io, "{}: cannot read: {}", name, std::strerror(errno));
    }
    if (count == 0) {
      break;
    }
    done += count > 0 ? size_t(count) : 0;
  }
  return done;
}

} // namespace

StatusOr<RegularFile> openRegularFile(const std::string &path) {
  // Without O_NONBLOCK, opening a FIFO waits for a writer. The flag does not affect reads of regular files.
  CRIA_ASSIGN_OR_RETURN(Descriptor file, openToRead(path, O_NONBLOCK));
  struct stat status{};
  if (fstat(file.get(), &status) != 0) {
    return error(StatusCode::io, "{}: cannot open: {}", path, std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return error(StatusCode::io, "{}: expected a regular file, got {}", path,
                 S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket");
  }
  return RegularFile{.descriptor = std::move(file), .size = uint64_t(status.st_size)};
}

StatusOr<std::string> readFile(const std::string &path, uint64_t maxBytes) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  if (file.size > maxBytes) {
    return invalidArgument("{}: expected at most {} bytes, got {}", path, maxBytes, file.size);
  }
  std::string text(size_t(file.size), '\0');
  CRIA_ASSIGN_OR_RETURN(size_t done, readUpTo(file.descriptor.get(), text.data(), text.size(), path));
  if (done < text.size()) {
    return error(StatusCode::io, "{}: cannot read: unexpected end of file", path);
  }
  return text;
}

StatusOr<std::string> readDescriptor(int descriptor, const std::string &name, uint64_t maxBytes) {
  constexpr size_t kChunkBytes = 64 << 10;
  std::string text;
  for (size_t done = kChunkBytes; done == kChunkBytes;) {
    size_t before = text.size();
    if (before > maxBytes) {
      return invalidArgument("{}: expected at most {} bytes, got more", name, maxBytes);
    }
    text.resize(before + kChunkBytes);
    CRIA_ASSIGN_OR_RETURN(done, readUpTo(descriptor, text.data() + before, kChunkBytes, name));
    text.resize(before + done);
  }
  if (text.size() > maxBytes) {
    return invalidArgument("{}: expected at most {} bytes, got {}", name, maxBytes, text.size());
  }
  return text;
}

StatusOr<std::string> readAnyFile(const std::string &path, uint64_t maxBytes) {
  CRIA_ASSIGN_OR_RETURN(Descriptor file, openToRead(path, 0));
  return readDescriptor(file.get(), path, maxBytes);
}

bool isWithin(const std::string &path, const std::string &folder) {
  std::error_code noPath, noFolder;
  const auto inner = std::filesystem::weakly_canonical(path, noPath);
  const auto outer = std::filesystem::weakly_canonical(folder, noFolder) / ""; // with a final slash
  const auto last = std::prev(outer.end());
  return noPath || noFolder || std::mismatch(outer.begin(), last, inner.begin(), inner.end()).first == last;
}

} // namespace cria
