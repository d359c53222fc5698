// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FolderRemoval.h"

#include "support/FolderLeftovers.h"
#include "support/FolderPlace.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace cria {

std::optional<std::vector<std::string>> namesIn(int folder) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR *)> stream(copy < 0 ? nullptr : fdopendir(copy), closedir);
  if (!stream) {
    Descriptor closed(copy);
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const dirent *entry = readdir(stream.get()); entry != nullptr; entry = readdir(stream.get())) {
    if (std::string name = entry->d_name; name != "." && name != "..") {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  return names;
}

namespace {

/// Removes the contents of one folder. Continues after an error, and keeps the first one.
class Removal {
public:
  Removal(FileSystem &files, dev_t device, std::string proofFile)
      : files_(files), device_(device), proofFile_(std::move(proofFile)) {}

  void removeContent(int folder, bool isTop);
  void remove(int folder, const std::string &name, int flags);
  int problem() const { return problem_; }

private:
  void removeEntry(int folder, const std::string &name);
  void removeSubfolder(int folder, const std::string &name);
  void removeProof(int folder);
  bool isProof(const std::string &name) const { return name == proofFile_ || name == kUnfinishedFile; }
  void fail(int problem) { problem_ = problem_ == 0 ? problem : problem_; }

  FileSystem &files_;
  dev_t device_;
  std::string proofFile_;
  int problem_ = 0;
};

void Removal::remove(int folder, const std::string &name, int flags) {
  if (files_.remove(folder, name.c_str(), flags) != 0 && errno != ENOENT) {
    fail(errno);
  }
}

void Removal::removeSubfolder(int folder, const std::string &name) {
  Descriptor subfolder = openFolder(folder, name.c_str());
  struct stat state;
  if (!subfolder || fstat(subfolder.get(), &state) != 0) {
    return fail(errno);
  }
  if (state.st_dev != device_) {
    return fail(EXDEV);
  }
  removeContent(subfolder.get(), /*isTop=*/false);
  remove(folder, name, AT_REMOVEDIR);
}

void Removal::removeEntry(int folder, const std::string &name) {
  struct stat state;
  if (fstatat(folder, name.c_str(), &state, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? void() : fail(errno);
  }
  S_ISDIR(state.st_mode) ? removeSubfolder(folder, name) : remove(folder, name, 0);
}

void Removal::removeContent(int folder, bool isTop) {
  std::optional<std::vector<std::string>> names = namesIn(folder);
  if (!names) {
    return fail(errno);
  }
  for (const std::string &name : *names) {
    if (!isTop || !isProof(name)) {
      removeEntry(folder, name);
    }
  }
  if (isTop && problem_ == 0) {
    removeProof(folder);
  }
}

void Removal::removeProof(int folder) {
  std::vector<std::string> names = namesIn(folder).value_or(std::vector<std::string>());
  if (!std::ranges::all_of(names, [this](const std::string &name) { return isProof(name); })) {
    return fail(ENOTEMPTY); // a process still writes to it
  }
  for (const std::string &name : {proofFile_, std::string(kUnfinishedFile)}) {
    if (problem_ == 0 && std::ranges::binary_search(names, name)) {
      removeEntry(folder, name);
    }
  }
}

} // namespace

bool removeFolder(FileSystem &files, int parent, const std::string &name, int folder,
                  const std::string &proofFile) {
  struct stat state;
  if (fstat(folder, &state) != 0) {
    return false;
  }
  if (!isSameFolder(parent, name.c_str(), folder)) {
    errno = ESTALE;
    return false;
  }
  Removal removal(files, state.st_dev, proofFile);
  removal.removeContent(folder, /*isTop=*/true);
  if (removal.problem() == 0) {
    removal.remove(parent, name, AT_REMOVEDIR);
  }
  errno = removal.problem();
  return removal.problem() == 0;
}

static bool isOwned(int folder, const std::string &name, const FolderProof &proof) {
  return isFinished(folder, proof) || (isLeftoverName(name) && (isUnfinished(folder) || isEmpty(folder)));
}

bool isOwnedFolder(const std::string &path, const FolderProof &proof) {
  StatusOr<FolderPlace> place = FolderPlace::of(path);
  if (!place.ok()) {
    return false;
  }
  Descriptor folder = openFolder(place->parent.get(), place->name.c_str());
  return folder && isOwned(folder.get(), place->name, proof);
}

StatusOr<bool> removeOwnedFolder(const std::string &path, const FolderProof &proof, FileSystem &files) {
  CRIA_ASSIGN_OR_RETURN(FolderPlace place, FolderPlace::of(path));
  Descriptor folder = openFolder(place.parent.get(), place.name.c_str());
  if (!folder) {
    return error(StatusCode::io, "{}: cannot open: {}", path, std::strerror(errno));
  }
  if (!isOwned(folder.get(), place.name, proof)) {
    return invalidArgument("{}: expected a {}, got a folder without the contents of one", path, proof.noun);
  }
  // Without locks, only folders that no process can be writing are removed.
  bool isFree = files.lock(folder.get()) == 0 || (errno != EWOULDBLOCK && !isLeftoverName(place.name));
  if (isFree && !removeFolder(files, place.parent.get(), place.name, folder.get(), proof.file)) {
    return error(StatusCode::io, "{}: cannot remove: {}", path, std::strerror(errno));
  }
  return isFree;
}

} // namespace cria
