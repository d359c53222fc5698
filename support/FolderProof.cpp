// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FolderProof.h"

#include "support/FileSystem.h"
#include "support/FolderRemoval.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace cria {

constexpr off_t kMaxProofBytes = off_t(64) << 20;

static std::optional<std::string> readRegularFile(int folder, const std::string &name) {
  // Without O_NONBLOCK, opening a pipe waits for its other end.
  Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat state;
  if (!file || fstat(file.get(), &state) != 0 || !S_ISREG(state.st_mode) || state.st_size > kMaxProofBytes) {
    return std::nullopt;
  }
  std::string content(size_t(state.st_size), '\0');
  for (size_t done = 0; done < content.size();) {
    ssize_t count = read(file.get(), content.data() + done, content.size() - done);
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return std::nullopt;
    }
    done += count > 0 ? size_t(count) : 0;
  }
  return content;
}

bool isFinished(int folder, const FolderProof &proof) {
  std::optional<std::string> content = readRegularFile(folder, proof.file);
  return content && proof.accepts(*content);
}

bool isUnfinished(int folder) {
  struct stat state;
  return fstatat(folder, kUnfinishedFile, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(state.st_mode);
}

bool isEmpty(int folder) {
  std::optional<std::vector<std::string>> names = namesIn(folder);
  return names && names->empty();
}

} // namespace cria
