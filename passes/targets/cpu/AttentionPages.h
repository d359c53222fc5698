// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of an attention kernel that read keys and values: scores of the pages of a segment, and sums of
// its values.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

#include <optional>

namespace cria::cpu {

/// The positions of a page.
constexpr int64_t kPageSlots = KvLayout::kPageTokens;

/// The places of a row's state in scratch, in floats. The values of its query heads are lanes of one vector.
/// It begins with the result of a segment.
struct AttentionState {
  static constexpr int64_t kSegmentPages = 16;                    ///< pages that have a softmax of their own
  static constexpr int64_t kSegment = kSegmentPages * kPageSlots; ///< positions
  /// From the scores of a head to those of the next: not a power of two, whose lines would be in few sets of
  /// a cache.
  static constexpr int64_t kScores = kSegment + kLanes;

  int64_t tile, paddedDim;
  int64_t maximum = 0;              ///< m of the segment
  int64_t sum = kLanes;             ///< l of the segment
  int64_t accumulator = 2 * kLanes; ///< acc of the segment: [tile][paddedDim]
  int64_t resultSize() const { return accumulator + tile * paddedDim; }
  int64_t totalMaximum() const { return resultSize(); }         ///< M of the previous segments
  int64_t totalSum() const { return totalMaximum() + kLanes; }  ///< L
  int64_t factor() const { return totalSum() + kLanes; }        ///< b
  int64_t otherFactor() const { return factor() + kLanes; }     ///< A
  int64_t total() const { return otherFactor() + kLanes; }      ///< ACC: [tile][paddedDim]
  int64_t scores() const { return total() + tile * paddedDim; } ///< [tile][kScores]: s, then p
  int64_t size() const { return scores() + tile * kScores; }
};

AttentionState attentionState(const AttentionSpec &spec);

/// A row of queries. It does not see slots after its position.
struct AttentionRow {
  Index state; ///< start of its state in scratch
  Index query; ///< start of its first query head of the tile
  Index position;
};

/// Pages [from, to) of a segment of a sequence, which has `pages` pages.
struct PageRange {
  Index sequence, segmentStart, from, to, pages;
};

class AttentionPages {
public:
  AttentionPages(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec);

  /// Stores the scores of the pages for all rows, which are of one sequence; those of slots that are not seen
  /// are below all others.
  void score(llvm::ArrayRef<AttentionRow> rows, const PageRange &range);
  /// Adds the values of the pages, times what has replaced their scores, to the accumulators of rows that see
  /// the pages in full.
  void accumulateShared(llvm::ArrayRef<AttentionRow> rows, const PageRange &range);
  /// The same of one row, which may not see all slots.
  void accumulateOwn(const AttentionRow &row, const PageRange &range);

private:
  using Values = Emitter::Values;
  /// One query head of one row.
  struct Chain {
    AttentionRow row;
    int64_t head;
  };

  static llvm::SmallVector<Chain> chainsOf(llvm::ArrayRef<AttentionRow> rows, int64_t heads);
  Index kvHead();
  Index pageNumber(Index sequence, Index page);
  Index pageStart(Index sequence, Index page);
  Index scalesStart(Index sequence, Index page);
  Values keyScales(Index sequence, Index page);
  mlir::Value loadScaled(Index at, int64_t lanes, mlir::Value scale);
  void accumulate(llvm::ArrayRef<AttentionRow> rows, const PageRange &range, std::optional<Index> position);
  void accumulateBlock(llvm::ArrayRef<AttentionRow> rows, const PageRange &range,
                       std::optional<Index> position);
  /// A part of the accumulators of each chain.
  struct Vectors {
    int64_t first, count;
    bool prefetches, readsMemory;
  };
  /// What is prefetched of a page: `count` rows, `stride` elements apart from `offset` on, the columns
  /// [from, to) of each.
  struct PageRows {
    int64_t offset, count, stride, from, to;
  };
  bool readsMemory(size_t rows) const;
  PageRows keyRows() const;
  PageRows valueRows(const Vectors &part) const;
  Values streamsAfter(const PageRange &range, Index page, const PageRows &rows, bool readsMemory);
  void prefetchRow(llvm::ArrayRef<mlir::Value> streams, const PageRows &rows, Values &carried);
  struct PageKeys {
    Index start;
    Values scales; ///< nulls if the cache has none
  };
  Values products(llvm::ArrayRef<Chain> chains, const PageKeys &keys, llvm::ArrayRef<mlir::Value> ahead);
  void storeScores(llvm::ArrayRef<Chain> chains, const Values &products, Index page, Index slot);
  void accumulateVectors(llvm::ArrayRef<Chain> chains, const Vectors &part, const PageRange &range,
                         std::optional<Index> position);
  /// The values of a page and, in a cache of codes, their scales.
  struct PageValues {
    Index start;
    std::optional<Index> scales;
    Values ahead; ///< streams of values to prefetch
  };
  PageValues valuesOf(Index sequence, Index page);
  Values addPage(llvm::ArrayRef<Chain> chains, const Vectors &part, const PageValues &page, Index slots,
                 Index slot, llvm::ArrayRef<mlir::Value> init);
  Index scoreAt(const Chain &chain, Index slot) {
    return chain.row.state + slot + (state_.scores() + chain.head * AttentionState::kScores);
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const AttentionSpec &spec_;
  AttentionState state_;
  int64_t dim_, accumulators_;
  mlir::Value query_, cache_, scratch_;
  mlir::Value scales_; ///< null unless the cache has scales
};

} // namespace cria::cpu
