// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several query heads of a KV head are computed together, and so are several rows of one sequence: that gives
// the processor independent chains, and reads a page once.
#include "passes/targets/cpu/AttentionPages.h"

using namespace mlir;

namespace cria::cpu {

static constexpr int64_t kPageVectors = kPageSlots / kLanes;
static constexpr int64_t kBlockPages = 4; ///< pages whose values stay in the nearest cache

AttentionState attentionState(const AttentionSpec &spec) {
  return {spec.headTile(), static_cast<int64_t>(llvm::alignTo(spec.kv.headDim, kLanes))};
}

AttentionPages::AttentionPages(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec)
    : e_(kernel.emitter()), kernel_(kernel), spec_(spec), state_(attentionState(spec)), dim_(spec.kv.headDim),
      accumulators_(isa.wide ? 16 : 4), query_(kernel.buffer("query")), cache_(kernel.buffer("cache")),
      scratch_(kernel.scratch()), scales_(spec.kv.hasScales() ? kernel.buffer("cache.scales") : Value()) {}

SmallVector<AttentionPages::Chain> AttentionPages::chainsOf(ArrayRef<AttentionRow> rows, int64_t heads) {
  SmallVector<Chain> chains;
  for (const AttentionRow &row : rows) {
    for (int64_t head = 0; head < heads; ++head) {
      chains.push_back({row, head});
    }
  }
  return chains;
}

/// The KV head of the tile.
Index AttentionPages::kvHead() { return kernel_.y() / (spec_.heads / spec_.kv.kvHeads / state_.tile); }

Index AttentionPages::pageNumber(Index sequence, Index page) {
  return e_.fromSigned(e_.loadScalar(kernel_.buffer("block_table"), sequence * spec_.maxPages + page));
}

/// The start of the tile's KV head in page number `page` of a sequence.
Index AttentionPages::pageStart(Index sequence, Index page) {
  return pageNumber(sequence, page) * spec_.kv.pageElements() + kvHead() * spec_.kv.headElements();
}

/// The scales of the tile's KV head in page number `page` of a sequence: of 32 keys, then of 32 values.
Index AttentionPages::scalesStart(Index sequence, Index page) {
  return pageNumber(sequence, page) * spec_.kv.pageScales() + kvHead() * spec_.kv.headScales();
}

/// The scales of the page's keys, a vector for 16 slots; nulls if the cache has none.
AttentionPages::Values AttentionPages::keyScales(Index sequence, Index page) {
  Values scales(kPageVectors, Value());
  for (int64_t v = 0; v < kPageVectors && scales_; ++v) {
    scales[v] = e_.load(scales_, scalesStart(sequence, page) + v * kLanes);
  }
  return scales;
}

/// Elements of the cache. `scale`: what codes are multiplied with, null if the cache has no scales.
Value AttentionPages::loadScaled(Index at, int64_t lanes, Value scale) {
  Value values = e_.load(cache_, at, lanes);
  return scale ? e_.mul(values, scale) : values;
}

/// Whether the pages that are read are in memory: rows of one sequence find them in a cache, unless they read
/// them once together.
bool AttentionPages::readsMemory(size_t rows) const {
  return rows == 1 && (spec_.part != AttentionSpec::Part::rows || spec_.rowBlock() > 1);
}

/// What of the keys of a page is prefetched while the columns of another are read.
AttentionPages::PageRows AttentionPages::keyRows() const { return {0, dim_, kPageSlots, 0, kPageSlots}; }

/// The same of values, while some vectors of each slot are read: from a cache these vectors, as they are read
/// next; from memory an equal part of the page, so that there is as much in each pass.
AttentionPages::PageRows AttentionPages::valueRows(const Vectors &part) const {
  const int64_t from = part.first * kLanes, columns = std::min(part.count * kLanes, dim_ - from);
  return part.readsMemory ? PageRows{kPageSlots * (dim_ + from), kPageSlots, columns, 0, columns}
                          : PageRows{kPageSlots * dim_, kPageSlots, dim_, from, from + columns};
}

/// Where the rows start that are prefetched while `page` is read: those of the next page, or from memory of
/// each page of the next block an equal part, since several streams are faster than one.
AttentionPages::Values AttentionPages::streamsAfter(const PageRange &range, Index page, const PageRows &rows,
                                                    bool readsMemory) {
  const int64_t streams = readsMemory ? kBlockPages : 1;
  Index inBlock = (page - range.segmentStart) % streams;
  Values starts;
  for (int64_t stream = 0; stream < streams; ++stream) {
    Index ahead = (page - inBlock + (streams + stream)).min(range.pages - 1);
    Index part = inBlock * (rows.count / streams * rows.stride);
    starts.push_back(pageStart(range.sequence, ahead) + part + rows.offset);
  }
  return starts;
}

/// Prefetches a row of the first stream, and appends the streams to `carried`, the next one first.
void AttentionPages::prefetchRow(ArrayRef<Value> streams, const PageRows &rows, Values &carried) {
  if (streams.empty()) {
    return;
  }
  Index start(e_, streams.front());
  const int64_t elementsPerLine = kLineBytes / spec_.kv.elementBytes();
  for (int64_t at = llvm::alignTo(rows.from, elementsPerLine); at < rows.to; at += elementsPerLine) {
    e_.prefetch(cache_, start + at);
  }
  carried.append(streams.begin() + 1, streams.end());
  carried.push_back(start + rows.stride);
}

/// Splits chains into groups of at most `limit`.
template <typename Chain>
static void forChainGroups(ArrayRef<Chain> chains, int64_t limit,
                           llvm::function_ref<void(ArrayRef<Chain>, bool first)> body) {
  for (size_t at = 0; at < chains.size(); at += limit) {
    body(chains.slice(at, std::min<size_t>(limit, chains.size() - at)), at == 0);
  }
}

//===----------------------------------------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------------------------------------===//

void AttentionPages::score(ArrayRef<AttentionRow> rows, const PageRange &range) {
  const SmallVector<Chain> chains = chainsOf(rows, state_.tile);
  e_.forEach(range.from, range.to, 1, [&](Index page) {
    const PageKeys keys = {pageStart(range.sequence, page), keyScales(range.sequence, page)};
    forChainGroups<Chain>(chains, accumulators_ / kPageVectors, [&](ArrayRef<Chain> group, bool isFirst) {
      const Values ahead =
          isFirst ? streamsAfter(range, page, keyRows(), readsMemory(rows.size())) : Values();
      storeScores(group, products(group, keys, ahead), page, (page - range.segmentStart) * kPageSlots);
    });
  });
}

/// Chains over the columns of a head. `ahead`: streams of keys to prefetch.
AttentionPages::Values AttentionPages::products(ArrayRef<Chain> chains, const PageKeys &keys,
                                                ArrayRef<Value> ahead) {
  const size_t count = chains.size() * kPageVectors;
  Values init(count, e_.splat(0));
  init.append(ahead.begin(), ahead.end());
  Values sums = e_.loop(e_.index(0), e_.index(dim_), 1, init, [&](Index d, ArrayRef<Value> carried) {
    Values sums(carried.take_front(count)), key;
    for (int64_t v = 0; v < kPageVectors; ++v) {
      key.push_back(loadScaled(keys.start + d * kPageSlots + v * kLanes, kLanes, keys.scales[v]));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Value q = e_.broadcast(e_.loadScalar(query_, chain.row.query + d + chain.head * dim_));
      for (int64_t v = 0; v < kPageVectors; ++v) {
        sums[i * kPageVectors + v] = e_.fma(q, key[v], sums[i * kPageVectors + v]);
      }
    }
    prefetchRow(carried.drop_front(count), keyRows(), sums);
    return sums;
  });
  sums.truncate(count);
  return sums;
}

/// `slot`: the first one of the page in its segment.
void AttentionPages::storeScores(ArrayRef<Chain> chains, const Values &products, Index page, Index slot) {
  for (auto [i, product] : llvm::enumerate(products)) {
    const Chain &chain = chains[i / kPageVectors];
    const int64_t lane = int64_t(i) % kPageVectors * kLanes;
    Value isSeen = e_.laneBelow(chain.row.position + (1 - lane) - page * kPageSlots);
    Value score =
        e_.select(isSeen, e_.mul(product, e_.splat(spec_.scale)), e_.splat(AttentionSpec::kNotSeen));
    e_.store(score, scratch_, scoreAt(chain, slot) + lane);
  }
}

//===----------------------------------------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------------------------------------===//

void AttentionPages::accumulateShared(ArrayRef<AttentionRow> rows, const PageRange &range) {
  accumulate(rows, range, std::nullopt);
}

void AttentionPages::accumulateOwn(const AttentionRow &row, const PageRange &range) {
  accumulate(row, range, row.position);
}

/// Accumulators stay in registers over all pages from a cache, and over a block of pages from memory.
void AttentionPages::accumulate(ArrayRef<AttentionRow> rows, const PageRange &range,
                                std::optional<Index> position) {
  if (!readsMemory(rows.size())) {
    accumulateBlock(rows, range, position);
    return;
  }
  e_.forEach(range.from, range.to, kBlockPages, [&](Index from) {
    PageRange block = range;
    block.from = from;
    block.to = (from + kBlockPages).min(range.to);
    accumulateBlock(rows, block, position);
  });
}

void AttentionPages::accumulateBlock(ArrayRef<AttentionRow> rows, const PageRange &range,
                                     std::optional<Index> position) {
  const SmallVector<Chain> chains = chainsOf(rows, state_.tile);
  const int64_t dimVectors = state_.paddedDim / kLanes,
                limit = std::min<int64_t>(chains.size(), accumulators_ / 2),
                vectors = std::max<int64_t>(1, accumulators_ / limit);
  forChainGroups<Chain>(chains, limit, [&](ArrayRef<Chain> group, bool isFirst) {
    for (int64_t v = 0; v < dimVectors; v += vectors) {
      const Vectors part = {v, std::min(vectors, dimVectors - v), isFirst, readsMemory(rows.size())};
      accumulateVectors(group, part, range, position);
    }
  });
}

void AttentionPages::accumulateVectors(ArrayRef<Chain> chains, const Vectors &part, const PageRange &range,
                                       std::optional<Index> position) {
  auto at = [&](size_t i) {
    const Chain &chain = chains[i / part.count];
    const int64_t vector = part.first + int64_t(i) % part.count;
    return chain.row.state + (state_.accumulator + chain.head * state_.paddedDim + vector * kLanes);
  };
  Values sums;
  for (size_t i = 0; i < chains.size() * part.count; ++i) {
    sums.push_back(e_.load(scratch_, at(i)));
  }
  sums = e_.loop(range.from, range.to, 1, sums, [&](Index page, ArrayRef<Value> carried) {
    PageValues values = valuesOf(range.sequence, page);
    if (part.prefetches) {
      values.ahead = streamsAfter(range, page, valueRows(part), part.readsMemory);
    }
    return addPage(chains, part, values,
                   position ? (*position + 1 - page * kPageSlots).min(kPageSlots) : e_.index(kPageSlots),
                   (page - range.segmentStart) * kPageSlots, carried);
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    e_.store(sums[i], scratch_, at(i));
  }
}

AttentionPages::PageValues AttentionPages::valuesOf(Index sequence, Index page) {
  PageValues values = {pageStart(sequence, page) + kPageSlots * dim_, std::nullopt, {}};
  if (scales_) {
    values.scales = scalesStart(sequence, page) + kPageSlots;
  }
  return values;
}

AttentionPages::Values AttentionPages::addPage(ArrayRef<Chain> chains, const Vectors &part,
                                               const PageValues &page, Index slots, Index firstSlot,
                                               ArrayRef<Value> init) {
  Values all(init);
  all.append(page.ahead);
  Values sums = e_.loop(e_.index(0), slots, 1, all, [&](Index slot, ArrayRef<Value> carried) {
    Values sums(carried.take_front(init.size())), value;
    Value scale = page.scales ? e_.broadcast(e_.loadFloat(scales_, *page.scales + slot)) : Value();
    for (int64_t v = part.first; v < part.first + part.count; ++v) {
      const int64_t lanes = std::min(kLanes, dim_ - v * kLanes);
      value.push_back(loadScaled(page.start + slot * dim_ + v * kLanes, lanes, scale));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Value weight = e_.broadcast(e_.loadScalar(scratch_, scoreAt(chain, firstSlot + slot)));
      for (int64_t v = 0; v < part.count; ++v) {
        sums[i * part.count + v] = e_.fma(weight, value[v], sums[i * part.count + v]);
      }
    }
    prefetchRow(carried.drop_front(init.size()), valueRows(part), sums);
    return sums;
  });
  sums.truncate(init.size());
  return sums;
}

} // namespace cria::cpu
