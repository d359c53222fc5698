// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FolderPublication.h"

#include "support/FolderLeftovers.h"
#include "support/FolderRemoval.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace cria {

static Status notReplaceable(const FolderPlace &place, const FolderProof &proof) {
  return invalidArgument(
      "{}: the name belongs to something that is not a {}; remove it or choose another name", place.path(),
      proof.noun);
}

static Status cannotOpen(const FolderPlace &place) {
  return error(StatusCode::io, "{}: cannot open the existing folder: {}", place.path(), std::strerror(errno));
}

/// Opens the finished folder at the place; returns no descriptor if the name is free.
static StatusOr<Descriptor> openReplaceable(const FolderPlace &place, const FolderProof &proof) {
  Descriptor folder = openFolder(place.parent.get(), place.name.c_str());
  if (folder) {
    return isFinished(folder.get(), proof) ? StatusOr<Descriptor>(std::move(folder))
                                           : StatusOr<Descriptor>(notReplaceable(place, proof));
  }
  if (errno == ENOENT) {
    return Descriptor();
  }
  return errno == ENOTDIR || errno == ELOOP ? notReplaceable(place, proof) : cannotOpen(place);
}

Status checkReplaceable(const FolderPlace &place, const FolderProof &proof) {
  return openReplaceable(place, proof).status();
}

namespace {

class Publication {
public:
  Publication(FileSystem &files, const FolderPlace &place, const FolderProof &proof,
              const std::string &temporary)
      : files_(files), place_(place), proof_(proof), temporary_(temporary) {}

  Status run();

private:
  Status confirmMove();
  bool isFormer(int old) const;
  Status confirmExchange(int old);
  void removeFormer(const std::string &name);
  Status displace(int old, bool isBusy);
  Status bringBack(const std::string &aside, Status cause);
  Status failed(const char *what, int problem) const;

  int parent() const { return place_.parent.get(); }
  bool move(const std::string &from, const std::string &to) {
    return moveWithoutReplacing(files_, place_, from, to);
  }
  bool exchange() {
    return files_.rename(parent(), temporary_.c_str(), place_.name.c_str(), RENAME_EXCHANGE) == 0;
  }

  FileSystem &files_;
  const FolderPlace &place_;
  const FolderProof &proof_;
  const std::string &temporary_;
};

Status Publication::failed(const char *what, int problem) const {
  return error(StatusCode::io, "{}: cannot {}: {}", place_.path(), what, std::strerror(problem));
}

/// State: the new folder has its name, and there was no old one.
Status Publication::confirmMove() {
  if (makeDurable(files_, parent())) {
    return {};
  }
  int problem = errno;
  move(place_.name, temporary_);
  return failed("make the new name durable", problem);
}

/// Returns whether the exchange returned a finished folder, the one that was seen before or another. If it
/// is gone or locked, another process, which has checked its proof, is removing it as a leftover.
bool Publication::isFormer(int old) const {
  Descriptor former = openFolder(parent(), temporary_.c_str());
  if (!former) {
    return errno == ENOENT;
  }
  return isSameFolder(parent(), temporary_.c_str(), old) || isFinished(former.get(), proof_) ||
         (files_.lock(former.get()) != 0 && errno == EWOULDBLOCK);
}

/// State: the new folder has its name, and the old one is called temporary_. Another process may have
/// created the old one after the check.
Status Publication::confirmExchange(int old) {
  bool isOurs = isFormer(old);
  if (isOurs && makeDurable(files_, parent())) {
    removeFormer(temporary_);
    return {};
  }
  Status cause = isOurs ? failed("make the new name durable", errno) : notReplaceable(place_, proof_);
  if (exchange()) {
    return cause;
  }
  return error(StatusCode::io, "{}; it is now called {} and cannot be renamed back: {}", cause.message(),
               place_.pathOf(temporary_), std::strerror(errno));
}

/// If it cannot be removed, it becomes a leftover.
void Publication::removeFormer(const std::string &name) {
  Descriptor former = openFolder(parent(), name.c_str());
  if (former && isFinished(former.get(), proof_)) {
    removeFolder(files_, parent(), name, former.get(), proof_.file);
  }
}

Status Publication::bringBack(const std::string &aside, Status cause) {
  if (move(aside, place_.name)) {
    return cause;
  }
  return error(StatusCode::io, "{}; the existing {} is now called {} and cannot be renamed back: {}",
               cause.message(), proof_.noun, place_.pathOf(aside), std::strerror(errno));
}

/// Replaces the folder on file systems that cannot exchange two folders.
Status Publication::displace(int old, bool isBusy) {
  if (isBusy) {
    return error(StatusCode::io, "{}: another process is replacing it; try again", place_.path());
  }
  std::string aside = place_.name + kAsideInfix + randomSuffix();
  if (!move(place_.name, aside)) {
    return failed("move the existing folder aside", errno);
  }
  if (!isSameFolder(parent(), aside.c_str(), old)) {
    return bringBack(aside, notReplaceable(place_, proof_));
  }
  if (!move(temporary_, place_.name)) {
    return bringBack(aside, failed("move the finished folder there", errno));
  }
  if (!makeDurable(files_, parent())) {
    Status cause = failed("make the new name durable", errno);
    return move(place_.name, temporary_) ? bringBack(aside, cause) : cause;
  }
  removeFormer(aside);
  return {};
}

Status Publication::run() {
  constexpr int kAttempts = 16; // other processes may create and remove the name
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (move(temporary_, place_.name)) {
      return confirmMove();
    }
    if (errno != EEXIST && errno != ENOTEMPTY) {
      return failed("move the finished folder there", errno);
    }
    CRIA_ASSIGN_OR_RETURN(Descriptor old, openReplaceable(place_, proof_));
    if (!old) {
      continue;
    }
    // The lock prevents other processes from removing it as a leftover when it is renamed.
    bool isBusy = files_.lock(old.get()) != 0 && errno == EWOULDBLOCK;
    if (exchange()) {
      return confirmExchange(old.get());
    }
    if (errno == EINVAL || errno == ENOSYS) {
      return displace(old.get(), isBusy);
    }
    if (errno != ENOENT) {
      return failed("replace it", errno);
    }
  }
  return error(StatusCode::io,
               "{}: other processes repeatedly create and remove this folder; choose another name",
               place_.path());
}

} // namespace

Status publishFolder(FileSystem &files, const FolderPlace &place, const FolderProof &proof,
                     const std::string &temporary) {
  return Publication(files, place, proof, temporary).run();
}

} // namespace cria
