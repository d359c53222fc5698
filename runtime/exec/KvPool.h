// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The paged KV cache: which pages are free, which are shared, and which belong to a sequence. The memory
// belongs to the backend; the pool zeroes and copies pages through PageOperations.
// Public: included by runtime/cria.h.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace cria {

/// Operations on the memory of the pages. Errors: the backend's.
class PageOperations {
public:
  virtual ~PageOperations() = default;
  virtual Status zeroPage(uint32_t page) = 0;
  virtual Status copyPage(uint32_t destination, uint32_t source) = 0;
};

/// A fixed number of pages with reference counts. Outlives its sequences. Not thread-safe; callers
/// serialize.
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
  // Each returns a page with one reference. Errors: outOfMemory if no page is free; those of PageOperations.
  StatusOr<uint32_t> takeUninitialized();
  StatusOr<uint32_t> takeZeroed();
  StatusOr<uint32_t> takeCopy(uint32_t source);
  void release(uint32_t page);

  std::vector<uint32_t> references_; // by page; 0: free
  std::vector<uint32_t> free_;       // used as a stack
  uint32_t pageTokens_;
  uint32_t maxPagesPerSequence_;
  PageOperations &operations_;
};

/// The pages of one sequence, and the number of its filled positions. The destructor releases the pages.
class KvSequence {
public:
  explicit KvSequence(KvPool &pool) : pool_(&pool) { pages_.reserve(pool.maxPagesPerSequence()); }
  ~KvSequence() { clear(); }
  KvSequence(KvSequence &&other) noexcept;
  KvSequence &operator=(KvSequence &&other) noexcept;

  uint32_t length() const { return length_; } // filled positions
  std::span<const int32_t> pages() const { return pages_; }
  /// The slot of a reserved position: page * pageTokens + position % pageTokens.
  int32_t slot(uint32_t position) const;

  /// Makes positions [length, length + count) writable: allocates pages, and first copies the last page if
  /// it is shared. Errors: outOfMemory if the pool is exhausted; invalidArgument beyond the context. The
  /// filled positions stay intact.
  Status reserve(uint32_t count);
  /// Marks positions [0, length) as filled. REQUIRES: they are reserved.
  void commit(uint32_t length);
  /// Removes the positions from `length` on, and releases the pages that this frees. REQUIRES: length <=
  /// length().
  void truncate(uint32_t length);
  void clear() { truncate(0); }
  /// Returns a sequence with the same contents. The two share all pages until one of them writes.
  KvSequence fork() const;

private:
  Status unshareLastPage();

  KvPool *pool_;
  std::vector<int32_t> pages_;
  uint32_t length_ = 0;
};

} // namespace cria
