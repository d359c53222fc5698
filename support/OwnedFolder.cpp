// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/OwnedFolder.h"

#include "support/FolderLeftovers.h"
#include "support/FolderPublication.h"
#include "support/FolderRemoval.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>

namespace cria {

constexpr mode_t kReadableByAll = 0777; // restricted by the umask
constexpr mode_t kPrivate = 0700;

Status checkOutputFolder(const std::string &finalPath, const FolderProof &proof) {
  CRIA_ASSIGN_OR_RETURN(FolderPlace place, FolderPlace::behindLinks(finalPath));
  return checkReplaceable(place, proof);
}

StatusOr<OwnedFolder> OwnedFolder::create(const std::string &finalPath, FolderProof proof,
                                          FileSystem &files) {
  CRIA_ASSIGN_OR_RETURN(FolderPlace place, FolderPlace::behindLinks(finalPath));
  cleanUpLeftovers(files, place, proof);
  CRIA_RETURN_IF_ERROR(checkReplaceable(place, proof));
  OwnedFolder folder(files, std::move(place), std::move(proof));
  CRIA_RETURN_IF_ERROR(folder.make(kReadableByAll));
  return folder;
}

StatusOr<OwnedFolder> OwnedFolder::createTemporary(const std::string &prefix, FileSystem &files) {
  const char *variable = std::getenv("TMPDIR");
  std::string parent = variable != nullptr && *variable != '\0' ? variable : "/tmp";
  auto withRemedy = [](const Status &status) {
    return Status(status.code(), status.message() + "; set TMPDIR to another folder");
  };
  StatusOr<FolderPlace> place = FolderPlace::of(parent + "/" + prefix);
  if (!place.ok()) {
    return withRemedy(place.status());
  }
  OwnedFolder folder(files, std::move(*place), FolderProof());
  if (Status made = folder.make(kPrivate); !made.ok()) {
    return withRemedy(made);
  }
  return folder;
}

OwnedFolder::OwnedFolder(OwnedFolder &&other) noexcept
    : files_(other.files_), place_(std::move(other.place_)), proof_(std::move(other.proof_)),
      temporary_(std::exchange(other.temporary_, {})), folder_(std::move(other.folder_)),
      subfolders_(std::move(other.subfolders_)) {}

OwnedFolder::~OwnedFolder() {
  if (!temporary_.empty()) {
    removeFolder(*files_, place_.parent.get(), temporary_, folder_.get(), proof_.file);
  }
}

Status OwnedFolder::failed(const std::string &path, const char *what) const {
  return error(StatusCode::io, "{}: cannot {}: {}", path, what, std::strerror(errno));
}

/// Returns false and sets errno on failure. EEXIST, ENOENT and EWOULDBLOCK: another process has intervened.
bool OwnedFolder::tryToMake(mode_t mode) {
  std::string name = place_.name + kTemporaryInfix + randomSuffix();
  if (files_->makeFolder(place_.parent.get(), name.c_str(), mode) != 0) {
    return false;
  }
  Descriptor folder = openFolder(place_.parent.get(), name.c_str());
  // Some file systems cannot lock folders. On those, leftovers are not removed either.
  bool isOurs = folder && (files_->lock(folder.get()) == 0 || errno != EWOULDBLOCK);
  if (!isOurs || files_->createFile(folder.get(), kUnfinishedFile) != 0) {
    int problem = errno;
    files_->remove(place_.parent.get(), name.c_str(), AT_REMOVEDIR); // fails if the folder is not empty
    errno = problem;
    return false;
  }
  temporary_ = std::move(name);
  folder_ = std::move(folder);
  return true;
}

Status OwnedFolder::make(mode_t mode) {
  constexpr int kAttempts = 100; // another process may remove a new folder as an empty leftover
  for (int attempt = 1; !tryToMake(mode); ++attempt) {
    bool isRace = errno == EEXIST || errno == ENOENT || errno == EWOULDBLOCK;
    if (!isRace || attempt == kAttempts) {
      return failed(place_.path() + kTemporaryInfix + std::string(kSuffixLength, 'X'), "create a folder");
    }
  }
  return {};
}

Status OwnedFolder::addFolder(const std::string &name) {
  if (files_->makeFolder(folder_.get(), name.c_str(), kReadableByAll) != 0) {
    return failed(path() + "/" + name, "create a folder");
  }
  subfolders_.push_back(name);
  return {};
}

Status OwnedFolder::makeContentDurable() {
  for (const std::string &name : subfolders_) {
    Descriptor subfolder = openFolder(folder_.get(), name.c_str());
    if (!subfolder || !makeDurable(*files_, subfolder.get())) {
      return failed(path() + "/" + name, "make it durable");
    }
  }
  return makeDurable(*files_, folder_.get()) ? Status() : failed(path(), "make it durable");
}

Status OwnedFolder::publish() {
  if (!isFinished(folder_.get(), proof_)) {
    return error(StatusCode::internal, "{}: expected the file '{}' before publication", path(), proof_.file);
  }
  if (files_->remove(folder_.get(), kUnfinishedFile, 0) != 0) {
    return failed(path(), "finish it");
  }
  CRIA_RETURN_IF_ERROR(makeContentDurable());
  CRIA_RETURN_IF_ERROR(publishFolder(*files_, place_, proof_, temporary_));
  temporary_.clear();
  folder_ = Descriptor(); // releases the lock
  cleanUpLeftovers(*files_, place_, proof_);
  return {};
}

} // namespace cria
