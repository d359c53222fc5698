// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The KV cache as pages: which pages are free, who shares them, and which ones a sequence holds. The bytes
// belong to the backend; the pool moves whole pages through PageOperations.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace cria {

/// What the pool asks of the memory behind it.
class PageOperations {
public:
  virtual ~PageOperations() = default;
  virtual Status zeroPage(uint32_t page) = 0;
  virtual Status copyPage(uint32_t destination, uint32_t source) = 0;
};

/// A fixed number of pages with reference counts. Outlives its sequences. Threads: one at a time.
class KvPool {
public:
  KvPool(uint32_t numPages, uint32_t pageTokens, uint32_t maxPagesPerSequence, PageOperations &operations);
  KvPool(const KvPool &) = delete;
  KvPool &operator=(const KvPool &) = delete;

  uint32_t numPages() const { return static_cast<uint32_t>(references_.size()); }
  uint32_t numFreePages() const { return static_cast<uint32_t>(free_.size()); }
  uint32_t pageTokens() const { return pageTokens_; }
  uint32_t maxPagesPerSequence() const { return maxPagesPerSequence_; }
  uint32_t references(uint32_t page) const { return references_[page]; }
  uint32_t pagesFor(uint32_t numPositions) const { return (numPositions + pageTokens_ - 1) / pageTokens_; }

private:
  friend class KvSequence;
  // Each gives a page with one reference.
  StatusOr<uint32_t> takeUninitialized();
  StatusOr<uint32_t> takeZeroed();
  StatusOr<uint32_t> takeCopy(uint32_t source);
  void release(uint32_t page);

  std::vector<uint32_t> references_; // by page; 0: free
  std::vector<uint32_t> free_;       // last one is handed out next
  uint32_t pageTokens_;
  uint32_t maxPagesPerSequence_;
  PageOperations &operations_;
};

/// The pages of one sequence and how many of its positions are filled. Gives its pages back when destroyed.
class KvSequence {
public:
  explicit KvSequence(KvPool &pool) : pool_(&pool) { pages_.reserve(pool.maxPagesPerSequence()); }
  ~KvSequence() { clear(); }
  KvSequence(KvSequence &&other) noexcept;
  KvSequence &operator=(KvSequence &&other) noexcept;

  uint32_t length() const { return length_; } // filled positions
  std::span<const int32_t> pages() const { return pages_; }
  /// Place of a reserved position in the pool: page * pageTokens + position % pageTokens.
  int32_t slot(uint32_t position) const;

  /// Makes positions [length, length + count) writable: takes pages, and copies the last one first if it is
  /// shared. Errors: OUT_OF_MEMORY when the pool is exhausted, INVALID_ARGUMENT beyond the context. The
  /// filled part stays intact.
  Status reserve(uint32_t count);
  /// Positions [0, length) are filled now; length lies within what is reserved.
  void commit(uint32_t length);
  /// Forgets positions from `length` on; pages that are no longer needed go back. length <= length().
  void truncate(uint32_t length);
  void clear() { truncate(0); }
  /// A second sequence with the same contents. Shares all pages until one of the two writes.
  KvSequence fork() const;

private:
  Status unshareLastPage();

  KvPool *pool_;
  std::vector<int32_t> pages_;
  uint32_t length_ = 0;
};

} // namespace cria
