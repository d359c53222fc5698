// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Paged causal attention. A row walks the pages of its sequence in order with an online softmax; every 16
// pages (512 positions) are a segment with a softmax of its own, and segments are merged in ascending order.
// The result of a row and query head does not depend on the rows and heads that are computed together with
// it:
//
//   page     s[j] = (chain over d of q[d]·K[d][j])·scale;  m' = max(m, s)
//            a = e^(m - m');  p[j] = e^(s[j] - m')
//            l = l·a + sum of p;  acc[d] = chain over j of p[j]·V[j][d] that starts at acc[d]·a
//   merge    M' = max(M, m);  A = e^(M - M'), a = e^(m - M');  L = L·A + l·a;  ACC = ACC·A + acc·a
//   result   ACC·(1 / L)
//
// Several query heads of a KV head are computed together, and so are several rows of one sequence for the
// pages that all of them attend to in full: that gives the processor independent chains, and reads a page
// once. Values at positions after a row's own are never read.
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kPage = KvLayout::kPageTokens;
constexpr int64_t kPageVectors = kPage / kLanes;
constexpr int64_t kSegmentPages = 16;
constexpr int64_t kMaxTile = 8;          // query heads or rows computed together
constexpr double kMinusInfinity = -1e30; // below every score; finite, so that differences are not NaN

/// The offsets of a row's state in scratch, in floats. The per-head values of a row are lanes of one vector.
struct StateLayout {
  int64_t tile, paddedDim;
  int64_t maximum = 0;                                               ///< m of the segment
  int64_t sum = kLanes;                                              ///< l of the segment
  int64_t totalMaximum = 2 * kLanes;                                 ///< M of the previous segments
  int64_t totalSum = 3 * kLanes;                                     ///< L
  int64_t pageMaximum = 4 * kLanes;                                  ///< of the current page
  int64_t pageSum = 5 * kLanes;                                      ///< of the current page
  int64_t factor = 6 * kLanes;                                       ///< a
  int64_t otherFactor = 7 * kLanes;                                  ///< A
  int64_t scores = 8 * kLanes;                                       ///< [tile][32]: s, then p
  int64_t accumulator() const { return scores + tile * kPage; }      ///< [tile][paddedDim]
  int64_t total() const { return accumulator() + tile * paddedDim; } ///< [tile][paddedDim]
  int64_t size() const { return total() + tile * paddedDim; }
};

StateLayout stateLayout(const AttentionSpec &spec) {
  return {spec.headTile(), static_cast<int64_t>(llvm::alignTo(spec.kv.headDim, kLanes))};
}

/// A row in the loops over pages.
struct Row {
  Index state; ///< start of its state in scratch
  Index query; ///< start of its first query head of the tile
};

/// One query head of one row, which is a separate chain.
struct Chain {
  Row row;
  int64_t head;
};

class AttentionEmitter {
public:
  AttentionEmitter(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), isa_(isa), spec_(spec), layout_(stateLayout(spec)),
        dim_(spec.kv.headDim), query_(kernel.buffer("query")), cache_(kernel.buffer("cache")),
        scratch_(kernel.scratch()) {}

  void emit();

private:
  using Values = Emitter::Values;

  Row rowAt(Index index, Index number) {
    return {index * layout_.size(),
            number * strideOf(spec_.queryStride, spec_.heads * dim_) + kernel_.y() * (layout_.tile * dim_)};
  }
  Index kvHead() { return kernel_.y() / (spec_.heads / spec_.kv.kvHeads / layout_.tile); }
  Index integerAt(llvm::StringRef name, Index at) {
    return e_.fromSigned(e_.loadScalar(kernel_.buffer(name), at));
  }
  Value stateVector(const Row &row, int64_t at) { return e_.load(scratch_, row.state + at); }
  void setState(const Row &row, int64_t at, Value vector) { e_.store(vector, scratch_, row.state + at); }
  int64_t dimVectors() const { return layout_.paddedDim / kLanes; }
  int64_t lanesOf(int64_t vector) const { return std::min(kLanes, dim_ - vector * kLanes); }

  Index pageStart(Index sequence, Index page);
  void prefetchLine(Index next, Index row);
  void clearSegment(const Row &row);
  void clearRow(const Row &row);
  void emitBlock(Index first, Index rows);
  void walkPages(ArrayRef<Row> rows, Index sequence, Index from, Index to, Index pages,
                 std::optional<Index> positions);
  void emitPage(ArrayRef<Row> rows, Index keys, Index next, std::optional<Index> valid);
  void scorePage(ArrayRef<Chain> chains, Index keys, Index next, bool prefetch, std::optional<Index> valid);
  void updateMaximum(const Row &row);
  void weighPage(const Chain &chain, std::optional<Index> valid);
  void accumulatePage(ArrayRef<Chain> chains, int64_t firstVector, int64_t vectors, Index values, Index next,
                      bool prefetch, std::optional<Index> valid);
  void mergeSegment(const Row &row);
  void finishRow(const Row &row, Index number);
  void writeZeros(Index number);
  Index outputStart(Index number) {
    return number * strideOf(spec_.outputStride, spec_.heads * dim_) + kernel_.y() * (layout_.tile * dim_);
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const Isa &isa_;
  const AttentionSpec &spec_;
  StateLayout layout_;
  int64_t dim_;
  Value query_, cache_, scratch_;
};

/// The start of the tile's KV head in page number `page` of a sequence.
Index AttentionEmitter::pageStart(Index sequence, Index page) {
  Index number = integerAt("block_table", sequence * spec_.maxPages + page);
  return number * spec_.kv.pageElements() + kvHead() * spec_.kv.headElements();
}

void AttentionEmitter::prefetchLine(Index next, Index at) { e_.prefetch(cache_, next + at); }

void AttentionEmitter::clearSegment(const Row &row) {
  setState(row, layout_.maximum, e_.splat(kMinusInfinity));
  setState(row, layout_.sum, e_.splat(0));
  for (int64_t at = layout_.accumulator(); at < layout_.total(); at += kLanes) {
    setState(row, at, e_.splat(0));
  }
}

/// Lanes without a head are computed as well and must not be NaN.
void AttentionEmitter::clearRow(const Row &row) {
  clearSegment(row);
  setState(row, layout_.totalMaximum, e_.splat(kMinusInfinity));
  setState(row, layout_.pageMaximum, e_.splat(kMinusInfinity));
  setState(row, layout_.totalSum, e_.splat(0));
  setState(row, layout_.pageSum, e_.splat(0));
  for (int64_t at = layout_.total(); at < layout_.size(); at += kLanes) {
    setState(row, at, e_.splat(0));
  }
}

void AttentionEmitter::scorePage(ArrayRef<Chain> chains, Index keys, Index next, bool prefetch,
                                 std::optional<Index> valid) {
  Values zeros(chains.size() * kPageVectors, e_.splat(0));
  Values sums = e_.loop(e_.index(0), e_.index(dim_), 1, zeros, [&](Index d, ArrayRef<Value> carried) {
    Values sums(carried);
    for (int64_t byte = 0; prefetch && byte < kPage * spec_.kv.elementBytes(); byte += kLineBytes) {
      prefetchLine(next, d * kPage + byte / spec_.kv.elementBytes());
    }
    Values key;
    for (int64_t v = 0; v < kPageVectors; ++v) {
      key.push_back(e_.load(cache_, keys + d * kPage + v * kLanes));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Value q = e_.broadcast(e_.loadScalar(query_, chain.row.query + d + chain.head * dim_));
      for (int64_t v = 0; v < kPageVectors; ++v) {
        sums[i * kPageVectors + v] = e_.fma(q, key[v], sums[i * kPageVectors + v]);
      }
    }
    return sums;
  });
  for (auto [i, chain] : llvm::enumerate(chains)) {
    Value maximum;
    for (int64_t v = 0; v < kPageVectors; ++v) {
      Value score = e_.mul(sums[i * kPageVectors + v], e_.splat(spec_.scale));
      if (valid) {
        score = e_.select(e_.laneBelow(*valid - v * kLanes), score, e_.splat(kMinusInfinity));
      }
      e_.store(score, scratch_, chain.row.state + (layout_.scores + chain.head * kPage + v * kLanes));
      maximum = v ? e_.max(maximum, score) : score;
    }
    e_.storeScalar(emitMax(e_, maximum), scratch_, chain.row.state + (layout_.pageMaximum + chain.head));
  }
}

void AttentionEmitter::updateMaximum(const Row &row) {
  Value before = stateVector(row, layout_.maximum);
  Value after = e_.max(before, stateVector(row, layout_.pageMaximum));
  setState(row, layout_.factor, emitExp(e_, e_.sub(before, after)));
  setState(row, layout_.maximum, after);
}

void AttentionEmitter::weighPage(const Chain &chain, std::optional<Index> valid) {
  Value maximum = e_.broadcast(e_.loadScalar(scratch_, chain.row.state + (layout_.maximum + chain.head)));
  Value sum;
  for (int64_t v = 0; v < kPageVectors; ++v) {
    Index at = chain.row.state + (layout_.scores + chain.head * kPage + v * kLanes);
    Value weight = emitExp(e_, e_.sub(e_.load(scratch_, at), maximum));
    if (valid) {
      weight = e_.select(e_.laneBelow(*valid - v * kLanes), weight, e_.splat(0));
    }
    e_.store(weight, scratch_, at);
    sum = v ? e_.add(sum, weight) : weight;
  }
  e_.storeScalar(emitSum(e_, sum), scratch_, chain.row.state + (layout_.pageSum + chain.head));
}

/// `vectors` vectors of each chain's accumulator. Slots after the row's position are not read.
void AttentionEmitter::accumulatePage(ArrayRef<Chain> chains, int64_t firstVector, int64_t vectors,
                                      Index values, Index next, bool prefetch, std::optional<Index> valid) {
  auto at = [&](const Chain &chain, int64_t v) {
    return chain.row.state +
           (layout_.accumulator() + chain.head * layout_.paddedDim + (firstVector + v) * kLanes);
  };
  Values sums;
  for (const Chain &chain : chains) {
    Value factor = e_.broadcast(e_.loadScalar(scratch_, chain.row.state + (layout_.factor + chain.head)));
    for (int64_t v = 0; v < vectors; ++v) {
      sums.push_back(e_.mul(e_.load(scratch_, at(chain, v)), factor));
    }
  }
  Index slots = valid ? valid->min(kPage) : e_.index(kPage);
  sums = e_.loop(e_.index(0), slots, 1, sums, [&](Index slot, ArrayRef<Value> carried) {
    Values sums(carried);
    Values value;
    for (int64_t v = 0; v < vectors; ++v) {
      value.push_back(
          e_.load(cache_, values + slot * dim_ + (firstVector + v) * kLanes, lanesOf(firstVector + v)));
    }
    for (int64_t byte = 0; prefetch && byte < dim_ * spec_.kv.elementBytes(); byte += kLineBytes) {
      prefetchLine(next, slot * dim_ + (kPage * dim_ + byte / spec_.kv.elementBytes()));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Index weightAt = chain.row.state + slot + (layout_.scores + chain.head * kPage);
      Value weight = e_.broadcast(e_.loadScalar(scratch_, weightAt));
      for (int64_t v = 0; v < vectors; ++v) {
        sums[i * vectors + v] = e_.fma(weight, value[v], sums[i * vectors + v]);
      }
    }
    return sums;
  });
  for (auto [i, chain] : llvm::enumerate(chains)) {
    for (int64_t v = 0; v < vectors; ++v) {
      e_.store(sums[i * vectors + v], scratch_, at(chain, v));
    }
  }
}

static SmallVector<Chain> chainsOf(ArrayRef<Row> rows, int64_t heads) {
  SmallVector<Chain> chains;
  for (const Row &row : rows) {
    for (int64_t head = 0; head < heads; ++head) {
      chains.push_back({row, head});
    }
  }
  return chains;
}

/// Splits chains into groups of at most `limit`.
static void forGroups(ArrayRef<Chain> chains, int64_t limit,
                      llvm::function_ref<void(ArrayRef<Chain>, bool first)> body) {
  for (size_t at = 0; at < chains.size(); at += limit) {
    body(chains.slice(at, std::min<size_t>(limit, chains.size() - at)), at == 0);
  }
}

/// Processes one page for all chains of `rows`. `keys`: the page's keys; `next`: those of the page to
/// prefetch; `valid`: the number of slots that the rows attend to, all if absent.
void AttentionEmitter::emitPage(ArrayRef<Row> rows, Index keys, Index next, std::optional<Index> valid) {
  SmallVector<Chain> chains = chainsOf(rows, layout_.tile);
  int64_t registers = isa_.wide ? 16 : 4;
  forGroups(chains, registers / kPageVectors,
            [&](ArrayRef<Chain> group, bool first) { scorePage(group, keys, next, first, valid); });
  for (const Row &row : rows) {
    updateMaximum(row);
  }
  for (const Chain &chain : chains) {
    weighPage(chain, valid);
  }
  for (const Row &row : rows) {
    Value sum = e_.fma(stateVector(row, layout_.sum), stateVector(row, layout_.factor),
                       stateVector(row, layout_.pageSum));
    setState(row, layout_.sum, sum);
  }
  int64_t groupSize = std::min<int64_t>(chains.size(), isa_.wide ? 8 : 2);
  int64_t vectorsAtOnce = std::max<int64_t>(1, registers / groupSize);
  forGroups(chains, groupSize, [&](ArrayRef<Chain> group, bool first) {
    for (int64_t v = 0; v < dimVectors(); v += vectorsAtOnce) {
      accumulatePage(group, v, std::min(vectorsAtOnce, dimVectors() - v), keys + kPage * dim_, next,
                     first && v == 0, valid);
    }
  });
}

/// Merges the current segment with the previous ones, and starts the next.
void AttentionEmitter::mergeSegment(const Row &row) {
  Value before = stateVector(row, layout_.totalMaximum), segment = stateVector(row, layout_.maximum);
  Value after = e_.max(before, segment);
  Value keep = emitExp(e_, e_.sub(before, after)), take = emitExp(e_, e_.sub(segment, after));
  setState(row, layout_.totalMaximum, after);
  Value sum = e_.mul(stateVector(row, layout_.sum), take);
  setState(row, layout_.totalSum, e_.fma(stateVector(row, layout_.totalSum), keep, sum));
  setState(row, layout_.otherFactor, keep);
  setState(row, layout_.factor, take);
  for (int64_t head = 0; head < layout_.tile; ++head) {
    Value keepHead = e_.broadcast(e_.loadScalar(scratch_, row.state + (layout_.otherFactor + head)));
    Value takeHead = e_.broadcast(e_.loadScalar(scratch_, row.state + (layout_.factor + head)));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      int64_t at = head * layout_.paddedDim + v * kLanes;
      Value taken = e_.mul(stateVector(row, layout_.accumulator() + at), takeHead);
      setState(row, layout_.total() + at, e_.fma(stateVector(row, layout_.total() + at), keepHead, taken));
    }
  }
  clearSegment(row);
}

/// Processes pages [from, to) of a sequence for rows of that sequence. `pages`: the number of its pages, for
/// the prefetch. With a position, only slots up to it are attended to.
void AttentionEmitter::walkPages(ArrayRef<Row> rows, Index sequence, Index from, Index to, Index pages,
                                 std::optional<Index> position) {
  e_.forEach(from, to, 1, [&](Index page) {
    Value boundary = arith::AndIOp::create(e_, page % kSegmentPages == 0, e_.index(0) < page);
    e_.ifThen(boundary, [&] {
      for (const Row &row : rows) {
        mergeSegment(row);
      }
    });
    Index keys = pageStart(sequence, page), next = pageStart(sequence, (page + 1).min(pages - 1));
    std::optional<Index> valid;
    if (position) {
      valid = *position + 1 - page * kPage;
    }
    emitPage(rows, keys, next, valid);
  });
}

void AttentionEmitter::finishRow(const Row &row, Index number) {
  mergeSegment(row);
  for (int64_t head = 0; head < layout_.tile; ++head) {
    Value sum = e_.loadScalar(scratch_, row.state + (layout_.totalSum + head));
    Value factor = e_.broadcast(e_.div(e_.floatConst(1.0), sum));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      Value total = stateVector(row, layout_.total() + head * layout_.paddedDim + v * kLanes);
      e_.store(e_.mul(total, factor), kernel_.buffer("output"),
               outputStart(number) + (head * dim_ + v * kLanes), lanesOf(v));
    }
  }
}

void AttentionEmitter::writeZeros(Index number) {
  forColumns(e_, layout_.tile * dim_, [&](Index column, int64_t count) {
    e_.store(e_.splat(0), kernel_.buffer("output"), outputStart(number) + column, count);
  });
}

/// Computes rows [first, first + rows). Pages that all of them attend to in full are processed together, the
/// others row by row.
void AttentionEmitter::emitBlock(Index first, Index rows) {
  int64_t block = spec_.rowBlock();
  Index shared = e_.index(0);
  if (block > 1) {
    Index sequence = integerAt("sequences", first);
    Index last = integerAt("sequences", first + rows - 1); // rows of a sequence are contiguous
    Value together = arith::AndIOp::create(
        e_, arith::CmpIOp::create(e_, arith::CmpIPredicate::eq, Value(sequence), Value(last)),
        arith::AndIOp::create(e_, rows == block, e_.index(-1) < sequence));
    Index whole = (integerAt("positions", first) + 1) / kPage; // positions ascend
    shared = Index(e_, e_.select(together, whole, e_.index(0)));
    SmallVector<Row> all;
    for (int64_t r = 0; r < block; ++r) {
      all.push_back(rowAt(e_.index(r), first + r));
    }
    e_.forEach(e_.index(0), rows, 1, [&](Index r) { clearRow(rowAt(r, first + r)); });
    walkPages(all, sequence, e_.index(0), shared, shared, std::nullopt);
  }
  e_.forEach(e_.index(0), rows, 1, [&](Index r) {
    Index number = first + r;
    Row row = rowAt(r, number);
    Index sequence = integerAt("sequences", number);
    e_.ifThen(
        e_.index(-1) < sequence,
        [&] {
          if (block == 1) {
            clearRow(row);
          }
          Index position = integerAt("positions", number);
          Index pages = position / kPage + 1;
          walkPages({row}, sequence, shared, pages, pages, position);
          finishRow(row, number);
        },
        [&] { writeZeros(number); });
  });
}

void AttentionEmitter::emit() {
  int64_t block = spec_.rowBlock();
  if (block == 1) {
    emitBlock(kernel_.x(), e_.index(1));
    return;
  }
  Index first = kernel_.x() * block;
  emitBlock(first, (loadRowCount(kernel_, ExtentKind::tokens) - first).min(block));
}

} // namespace

/// The largest divisor of the query heads of a KV head, up to kMaxTile.
int64_t AttentionSpec::headTile() const {
  int64_t perKvHead = heads / kv.kvHeads;
  int64_t tile = std::min(perKvHead, kMaxTile);
  while (perKvHead % tile != 0) {
    --tile;
  }
  return tile;
}

/// The number of rows that make a full tile.
int64_t AttentionSpec::rowBlock() const { return singleRow ? 1 : kMaxTile / headTile(); }

std::string AttentionSpec::name() const {
  std::string name =
      llvm::formatv("attention_q{0}_{1}_s{2}_p{3}", heads, kv.name(), floatTag(scale), maxPages);
  appendStride(name, "i", queryStride, heads * kv.headDim);
  appendStride(name, "o", outputStride, heads * kv.headDim);
  return name + (rowBlock() == 1 ? "_row" : "_tokens");
}

std::vector<std::string> AttentionSpec::bindings() const {
  std::vector<std::string> names = {"query", "positions", "sequences", "block_table", "cache", "output"};
  if (rowBlock() > 1) {
    names.push_back("step");
  }
  return names;
}

int64_t AttentionSpec::scratchBytes() const {
  return rowBlock() * stateLayout(*this).size() * int64_t(sizeof(float));
}

void emitAttention(ModuleOp kernels, const Isa &isa, const AttentionSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec,
                        {{"query", f32},
                         {"positions", i32},
                         {"sequences", i32},
                         {"block_table", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type)},
                         {"output", f32, /*written=*/true},
                         {"step", i32}});
  AttentionEmitter(kernel, isa, spec).emit();
}

} // namespace cria::cpu
