// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/FolderLeftovers.h"

#include "support/FolderRemoval.h"

#include <cerrno>

namespace cria {

static bool endsAsLeftover(std::string_view name, std::string_view infix) {
  size_t begin = name.rfind(infix);
  if (begin == name.npos || begin == 0) {
    return false;
  }
  std::string_view suffix = name.substr(begin + infix.size());
  return suffix.size() == kSuffixLength && suffix.find_first_not_of("0123456789abcdef") == suffix.npos;
}

bool isLeftoverName(const std::string &name) {
  return endsAsLeftover(name, kTemporaryInfix) || endsAsLeftover(name, kAsideInfix);
}

bool isLeftoverName(const std::string &name, const std::string &of) {
  return isLeftoverName(name) && (name.substr(0, name.rfind('.')) == of);
}

namespace {

/// An open leftover, locked unless another process holds the lock.
class Leftover {
public:
  Leftover(FileSystem &files, const FolderPlace &place, const FolderProof &proof, std::string name)
      : files_(files), place_(place), proof_(proof), name_(std::move(name)),
        folder_(openFolder(place_.parent.get(), name_.c_str())) {
    if (folder_) {
      isLocked_ = files_.lock(folder_.get()) == 0;
      isInUse_ = !isLocked_ && errno == EWOULDBLOCK;
    }
  }

  /// A rename loses no data, so it needs no lock on file systems without locks.
  void restore() {
    bool isRestorable =
        folder_ && !isInUse_ && !place_.exists(place_.name) && isFinished(folder_.get(), proof_);
    if (isRestorable && moveWithoutReplacing(files_, place_, name_, place_.name)) {
      name_ = place_.name;
    }
  }

  /// A finished folder is removed only if another one has its name, since it may be the only copy.
  void remove(bool hasSuccessor) {
    bool isRemovable = folder_ && isLocked_ &&
                       (isUnfinished(folder_.get()) || isEmpty(folder_.get()) ||
                        (hasSuccessor && isFinished(folder_.get(), proof_)));
    if (isRemovable) {
      removeFolder(files_, place_.parent.get(), name_, folder_.get(), proof_.file);
    }
  }

private:
  FileSystem &files_;
  const FolderPlace &place_;
  const FolderProof &proof_;
  std::string name_;
  Descriptor folder_;
  bool isLocked_ = false, isInUse_ = false;
};

} // namespace

void cleanUpLeftovers(FileSystem &files, const FolderPlace &place, const FolderProof &proof) {
  std::vector<std::string> names = namesIn(place.parent.get()).value_or(std::vector<std::string>());
  std::erase_if(names, [&](const std::string &name) { return !isLeftoverName(name, place.name); });
  for (const std::string &name : names) {
    if (endsAsLeftover(name, kAsideInfix)) {
      Leftover(files, place, proof, name).restore();
    }
  }
  Descriptor inPlace = openFolder(place.parent.get(), place.name.c_str());
  bool hasSuccessor = inPlace && isFinished(inPlace.get(), proof);
  for (const std::string &name : names) {
    Leftover(files, place, proof, name).remove(hasSuccessor);
  }
}

} // namespace cria
