// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages with reference counts. A sequence is the only owner of every page that it may write: the pages
// beyond its length, and the page of its next position.
#include "runtime/exec/KvPool.h"

#include <cassert>
#include <utility>

namespace cria {

KvPool::KvPool(uint32_t numPages, uint32_t pageTokens, uint32_t maxPagesPerSequence,
               PageOperations &operations)
    : references_(numPages), pageTokens_(pageTokens), maxPagesPerSequence_(maxPagesPerSequence),
      operations_(operations) {
  free_.reserve(numPages);
  for (uint32_t page = numPages; page > 0; --page) {
    free_.push_back(page - 1);
  }
}

StatusOr<uint32_t> KvPool::takeUninitialized() {
  if (free_.empty()) {
    return error(StatusCode::outOfMemory,
                 "the KV pool of {} pages ({} positions each) is full; raise --kv-memory", numPages(),
                 pageTokens_);
  }
  uint32_t page = free_.back();
  free_.pop_back();
  references_[page] = 1;
  return page;
}

StatusOr<uint32_t> KvPool::takeZeroed() {
  CRIA_ASSIGN_OR_RETURN(uint32_t page, takeUninitialized());
  if (Status status = operations_.zeroPage(page); !status.ok()) {
    release(page);
    return status;
  }
  return page;
}

StatusOr<uint32_t> KvPool::takeCopy(uint32_t source) {
  CRIA_ASSIGN_OR_RETURN(uint32_t page, takeUninitialized());
  if (Status status = operations_.copyPage(page, source); !status.ok()) {
    release(page);
    return status;
  }
  return page;
}

void KvPool::release(uint32_t page) {
  assert(references_[page] > 0);
  if (--references_[page] == 0) {
    free_.push_back(page);
  }
}

KvSequence::KvSequence(KvSequence &&other) noexcept
    : pool_(other.pool_), pages_(std::exchange(other.pages_, {})), length_(std::exchange(other.length_, 0)) {}

KvSequence &KvSequence::operator=(KvSequence &&other) noexcept {
  if (this != &other) {
    clear();
    pool_ = other.pool_;
    pages_ = std::exchange(other.pages_, {});
    length_ = std::exchange(other.length_, 0);
  }
  return *this;
}

int32_t KvSequence::slot(uint32_t position) const {
  uint32_t pageTokens = pool_->pageTokens_;
  assert(position / pageTokens < pages_.size());
  return pages_[position / pageTokens] * static_cast<int32_t>(pageTokens) +
         static_cast<int32_t>(position % pageTokens);
}

Status KvSequence::reserve(uint32_t count) {
  uint64_t needed = (uint64_t(length_) + count + pool_->pageTokens_ - 1) / pool_->pageTokens_;
  if (needed > pool_->maxPagesPerSequence_) {
    return invalidArgument("expected at most {} positions in a sequence, got {}",
                           uint64_t(pool_->maxPagesPerSequence_) * pool_->pageTokens_,
                           uint64_t(length_) + count);
  }
  if (count > 0) {
    CRIA_RETURN_IF_ERROR(unshareLastPage());
  }
  while (pages_.size() < needed) {
    StatusOr<uint32_t> page = pool_->takeZeroed();
    if (!page.ok()) {
      truncate(length_);
      return page.status();
    }
    pages_.push_back(static_cast<int32_t>(*page));
  }
  return {};
}

/// Copies the page of the next position if it is partly filled and shared with another sequence.
Status KvSequence::unshareLastPage() {
  if (length_ % pool_->pageTokens_ == 0) {
    return {};
  }
  int32_t &last = pages_[length_ / pool_->pageTokens_];
  uint32_t shared = static_cast<uint32_t>(last);
  if (pool_->references_[shared] == 1) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(uint32_t copy, pool_->takeCopy(shared));
  pool_->release(shared);
  last = static_cast<int32_t>(copy);
  return {};
}

void KvSequence::commit(uint32_t length) {
  assert(length >= length_ && pool_->pagesFor(length) <= pages_.size());
  length_ = length;
}

void KvSequence::truncate(uint32_t length) {
  assert(length <= length_);
  length_ = length;
  while (pages_.size() > pool_->pagesFor(length)) {
    pool_->release(static_cast<uint32_t>(pages_.back()));
    pages_.pop_back();
  }
}

KvSequence KvSequence::fork() const {
  KvSequence copy(*pool_);
  copy.length_ = length_;
  copy.pages_.assign(pages_.begin(), pages_.begin() + pool_->pagesFor(length_));
  for (int32_t page : copy.pages_) {
    ++pool_->references_[static_cast<uint32_t>(page)];
  }
  return copy;
}

} // namespace cria
