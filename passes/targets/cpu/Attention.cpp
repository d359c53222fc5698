// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Paged causal attention. A row walks the pages of its sequence in order with an online softmax; every 16
// pages (512 positions) make a segment with a softmax of its own, and segments are merged in ascending order.
// What one row and query head compute does not depend on the rows and heads that are computed beside them:
//
//   page     s[j] = (chain over d of q[d]·K[d][j])·scale;  m' = max(m, s);  a = e^(m - m');  p[j] = e^(s[j] -
//   m')
//            l = l·a + sum of p;  acc[d] = chain over j of p[j]·V[j][d] that starts at acc[d]·a
//   merge    M' = max(M, m);  A = e^(M - M'), a = e^(m - M');  L = L·A + l·a;  ACC = ACC·A + acc·a
//   result   ACC·(1 / L)
//
// Several query heads of a KV head go together, and several rows as far as their sequence is theirs in whole
// pages: that gives the processor independent chains and reads a page once. Positions after a row's own are
// never read as values.
#include "passes/targets/cpu/EmitterSupport.h"
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kPage = KvLayout::kPageTokens;
constexpr int64_t kPageVectors = kPage / kLanes;
constexpr int64_t kSegmentPages = 16;
constexpr int64_t kMaxTile = 8;          // query heads or rows side by side
constexpr double kMinusInfinity = -1e30; // below any score, and finite: differences stay numbers
constexpr int64_t kLineBytes = 64;

/// Where a row's state lies in scratch, in floats. The per-head numbers of a row are lanes of one vector.
struct StateLayout {
  int64_t tile, paddedDim;
  int64_t maximum = 0;                                               ///< m of the segment
  int64_t sum = kLanes;                                              ///< l of the segment
  int64_t totalMaximum = 2 * kLanes;                                 ///< M of the segments before
  int64_t totalSum = 3 * kLanes;                                     ///< L
  int64_t pageMaximum = 4 * kLanes;                                  ///< of the page at hand
  int64_t pageSum = 5 * kLanes;                                      ///< of the page at hand
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

/// A row as the page loops see it.
struct Row {
  Ix state; ///< its state in scratch
  Ix query; ///< its first query head of the tile
};

/// One query head of one row: a chain of its own.
struct Chain {
  Row row;
  int64_t head;
};

class AttentionEmitter {
public:
  AttentionEmitter(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec)
      : e(kernel.emitter()), kernel(kernel), isa(isa), spec(spec), layout(stateLayout(spec)),
        dim(spec.kv.headDim), query(kernel.buffer("query")), cache(kernel.buffer("cache")),
        scratch(kernel.scratch()) {}

  void emit();

private:
  using Values = Emitter::Values;

  Row rowAt(Ix index, Ix number) {
    return {index * layout.size(),
            number * strideOf(spec.queryStride, spec.heads * dim) + kernel.y() * (layout.tile * dim)};
  }
  Ix kvHead() { return kernel.y() / (spec.heads / spec.kv.kvHeads / layout.tile); }
  Ix integerAt(llvm::StringRef name, Ix at) { return e.fromSigned(e.loadScalar(kernel.buffer(name), at)); }
  Value stateVector(const Row &row, int64_t at) { return e.load(scratch, row.state + at); }
  void setState(const Row &row, int64_t at, Value vector) { e.store(vector, scratch, row.state + at); }
  int64_t dimVectors() const { return layout.paddedDim / kLanes; }
  int64_t lanesOf(int64_t vector) const { return std::min(kLanes, dim - vector * kLanes); }

  Ix pageStart(Ix sequence, Ix page);
  void prefetchLine(Ix next, Ix row);
  void clearSegment(const Row &row);
  void clearRow(const Row &row);
  void emitBlock(Ix first, Ix rows);
  void walkPages(ArrayRef<Row> rows, Ix sequence, Ix from, Ix to, Ix pages, std::optional<Ix> positions);
  void emitPage(ArrayRef<Row> rows, Ix keys, Ix next, std::optional<Ix> valid);
  void scorePage(ArrayRef<Chain> chains, Ix keys, Ix next, bool prefetch, std::optional<Ix> valid);
  void updateMaximum(const Row &row);
  void weighPage(const Chain &chain, std::optional<Ix> valid);
  void accumulatePage(ArrayRef<Chain> chains, int64_t firstVector, int64_t vectors, Ix values, Ix next,
                      bool prefetch, std::optional<Ix> valid);
  void mergeSegment(const Row &row);
  void finishRow(const Row &row, Ix number);
  void writeZeros(Ix number);
  Ix outputStart(Ix number) {
    return number * strideOf(spec.outputStride, spec.heads * dim) + kernel.y() * (layout.tile * dim);
  }

  Emitter &e;
  KernelFunction &kernel;
  const Isa &isa;
  const AttentionSpec &spec;
  StateLayout layout;
  int64_t dim;
  Value query, cache, scratch;
};

// Where the tile's KV head begins in page number `page` of a sequence.
Ix AttentionEmitter::pageStart(Ix sequence, Ix page) {
  Ix number = integerAt("block_table", sequence * spec.maxPages + page);
  return number * spec.kv.pageElements() + kvHead() * spec.kv.headElements();
}

void AttentionEmitter::prefetchLine(Ix next, Ix at) { e.prefetch(cache, next + at); }

void AttentionEmitter::clearSegment(const Row &row) {
  setState(row, layout.maximum, e.splat(kMinusInfinity));
  setState(row, layout.sum, e.splat(0));
  for (int64_t at = layout.accumulator(); at < layout.total(); at += kLanes) {
    setState(row, at, e.splat(0));
  }
}

// Lanes without a head are computed along and must be numbers.
void AttentionEmitter::clearRow(const Row &row) {
  clearSegment(row);
  setState(row, layout.totalMaximum, e.splat(kMinusInfinity));
  setState(row, layout.pageMaximum, e.splat(kMinusInfinity));
  setState(row, layout.totalSum, e.splat(0));
  setState(row, layout.pageSum, e.splat(0));
  for (int64_t at = layout.total(); at < layout.size(); at += kLanes) {
    setState(row, at, e.splat(0));
  }
}

void AttentionEmitter::scorePage(ArrayRef<Chain> chains, Ix keys, Ix next, bool prefetch,
                                 std::optional<Ix> valid) {
  Values zeros(chains.size() * kPageVectors, e.splat(0));
  Values sums = e.loop(e.index(0), e.index(dim), 1, zeros, [&](Ix d, ArrayRef<Value> carried) {
    Values sums(carried);
    for (int64_t byte = 0; prefetch && byte < kPage * spec.kv.elementBytes(); byte += kLineBytes) {
      prefetchLine(next, d * kPage + byte / spec.kv.elementBytes());
    }
    Values key;
    for (int64_t v = 0; v < kPageVectors; ++v) {
      key.push_back(e.load(cache, keys + d * kPage + v * kLanes));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Value q = e.broadcast(e.loadScalar(query, chain.row.query + d + chain.head * dim));
      for (int64_t v = 0; v < kPageVectors; ++v) {
        sums[i * kPageVectors + v] = e.fma(q, key[v], sums[i * kPageVectors + v]);
      }
    }
    return sums;
  });
  for (auto [i, chain] : llvm::enumerate(chains)) {
    Value maximum;
    for (int64_t v = 0; v < kPageVectors; ++v) {
      Value score = e.mul(sums[i * kPageVectors + v], e.splat(spec.scale));
      if (valid) {
        score = e.select(e.laneBelow(*valid - v * kLanes), score, e.splat(kMinusInfinity));
      }
      e.store(score, scratch, chain.row.state + (layout.scores + chain.head * kPage + v * kLanes));
      maximum = v ? e.max(maximum, score) : score;
    }
    e.storeScalar(emitMax(e, maximum), scratch, chain.row.state + (layout.pageMaximum + chain.head));
  }
}

void AttentionEmitter::updateMaximum(const Row &row) {
  Value before = stateVector(row, layout.maximum);
  Value after = e.max(before, stateVector(row, layout.pageMaximum));
  setState(row, layout.factor, emitExp(e, e.sub(before, after)));
  setState(row, layout.maximum, after);
}

void AttentionEmitter::weighPage(const Chain &chain, std::optional<Ix> valid) {
  Value maximum = e.broadcast(e.loadScalar(scratch, chain.row.state + (layout.maximum + chain.head)));
  Value sum;
  for (int64_t v = 0; v < kPageVectors; ++v) {
    Ix at = chain.row.state + (layout.scores + chain.head * kPage + v * kLanes);
    Value weight = emitExp(e, e.sub(e.load(scratch, at), maximum));
    if (valid) {
      weight = e.select(e.laneBelow(*valid - v * kLanes), weight, e.splat(0));
    }
    e.store(weight, scratch, at);
    sum = v ? e.add(sum, weight) : weight;
  }
  e.storeScalar(emitSum(e, sum), scratch, chain.row.state + (layout.pageSum + chain.head));
}

// `vectors` vectors of each chain's accumulator. Slots after the row's position are not read.
void AttentionEmitter::accumulatePage(ArrayRef<Chain> chains, int64_t firstVector, int64_t vectors, Ix values,
                                      Ix next, bool prefetch, std::optional<Ix> valid) {
  auto at = [&](const Chain &chain, int64_t v) {
    return chain.row.state +
           (layout.accumulator() + chain.head * layout.paddedDim + (firstVector + v) * kLanes);
  };
  Values sums;
  for (const Chain &chain : chains) {
    Value factor = e.broadcast(e.loadScalar(scratch, chain.row.state + (layout.factor + chain.head)));
    for (int64_t v = 0; v < vectors; ++v) {
      sums.push_back(e.mul(e.load(scratch, at(chain, v)), factor));
    }
  }
  Ix slots = valid ? valid->min(kPage) : e.index(kPage);
  sums = e.loop(e.index(0), slots, 1, sums, [&](Ix slot, ArrayRef<Value> carried) {
    Values sums(carried);
    Values value;
    for (int64_t v = 0; v < vectors; ++v) {
      value.push_back(
          e.load(cache, values + slot * dim + (firstVector + v) * kLanes, lanesOf(firstVector + v)));
    }
    for (int64_t byte = 0; prefetch && byte < dim * spec.kv.elementBytes(); byte += kLineBytes) {
      prefetchLine(next, slot * dim + (kPage * dim + byte / spec.kv.elementBytes()));
    }
    for (auto [i, chain] : llvm::enumerate(chains)) {
      Ix weightAt = chain.row.state + slot + (layout.scores + chain.head * kPage);
      Value weight = e.broadcast(e.loadScalar(scratch, weightAt));
      for (int64_t v = 0; v < vectors; ++v) {
        sums[i * vectors + v] = e.fma(weight, value[v], sums[i * vectors + v]);
      }
    }
    return sums;
  });
  for (auto [i, chain] : llvm::enumerate(chains)) {
    for (int64_t v = 0; v < vectors; ++v) {
      e.store(sums[i * vectors + v], scratch, at(chain, v));
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

// Splits chains into groups of at most `limit`.
static void forGroups(ArrayRef<Chain> chains, int64_t limit,
                      llvm::function_ref<void(ArrayRef<Chain>, bool first)> body) {
  for (size_t at = 0; at < chains.size(); at += limit) {
    body(chains.slice(at, std::min<size_t>(limit, chains.size() - at)), at == 0);
  }
}

// One page for all chains of `rows`. `keys`: the page's keys; `next`: those of a page to prefetch; `valid`:
// how many slots the rows see, all of them when absent.
void AttentionEmitter::emitPage(ArrayRef<Row> rows, Ix keys, Ix next, std::optional<Ix> valid) {
  SmallVector<Chain> chains = chainsOf(rows, layout.tile);
  int64_t registers = isa.wide ? 16 : 4;
  forGroups(chains, registers / kPageVectors,
            [&](ArrayRef<Chain> group, bool first) { scorePage(group, keys, next, first, valid); });
  for (const Row &row : rows) {
    updateMaximum(row);
  }
  for (const Chain &chain : chains) {
    weighPage(chain, valid);
  }
  for (const Row &row : rows) {
    Value sum = e.fma(stateVector(row, layout.sum), stateVector(row, layout.factor),
                      stateVector(row, layout.pageSum));
    setState(row, layout.sum, sum);
  }
  int64_t groupSize = std::min<int64_t>(chains.size(), isa.wide ? 8 : 2);
  int64_t vectorsAtOnce = std::max<int64_t>(1, registers / groupSize);
  forGroups(chains, groupSize, [&](ArrayRef<Chain> group, bool first) {
    for (int64_t v = 0; v < dimVectors(); v += vectorsAtOnce) {
      accumulatePage(group, v, std::min(vectorsAtOnce, dimVectors() - v), keys + kPage * dim, next,
                     first && v == 0, valid);
    }
  });
}

// Adds the segment at hand to those before, and starts the next.
void AttentionEmitter::mergeSegment(const Row &row) {
  Value before = stateVector(row, layout.totalMaximum), segment = stateVector(row, layout.maximum);
  Value after = e.max(before, segment);
  Value keep = emitExp(e, e.sub(before, after)), take = emitExp(e, e.sub(segment, after));
  setState(row, layout.totalMaximum, after);
  Value sum = e.mul(stateVector(row, layout.sum), take);
  setState(row, layout.totalSum, e.fma(stateVector(row, layout.totalSum), keep, sum));
  setState(row, layout.otherFactor, keep);
  setState(row, layout.factor, take);
  for (int64_t head = 0; head < layout.tile; ++head) {
    Value keepHead = e.broadcast(e.loadScalar(scratch, row.state + (layout.otherFactor + head)));
    Value takeHead = e.broadcast(e.loadScalar(scratch, row.state + (layout.factor + head)));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      int64_t at = head * layout.paddedDim + v * kLanes;
      Value taken = e.mul(stateVector(row, layout.accumulator() + at), takeHead);
      setState(row, layout.total() + at, e.fma(stateVector(row, layout.total() + at), keepHead, taken));
    }
  }
  clearSegment(row);
}

// Pages from..to of a sequence for rows that share it. `pages`: how many it has, for the prefetch. With a
// position, only slots up to it count.
void AttentionEmitter::walkPages(ArrayRef<Row> rows, Ix sequence, Ix from, Ix to, Ix pages,
                                 std::optional<Ix> position) {
  e.forEach(from, to, 1, [&](Ix page) {
    Value boundary = arith::AndIOp::create(e, page % kSegmentPages == 0, e.index(0) < page);
    e.ifThen(boundary, [&] {
      for (const Row &row : rows) {
        mergeSegment(row);
      }
    });
    Ix keys = pageStart(sequence, page), next = pageStart(sequence, (page + 1).min(pages - 1));
    std::optional<Ix> valid;
    if (position) {
      valid = *position + 1 - page * kPage;
    }
    emitPage(rows, keys, next, valid);
  });
}

void AttentionEmitter::finishRow(const Row &row, Ix number) {
  mergeSegment(row);
  for (int64_t head = 0; head < layout.tile; ++head) {
    Value sum = e.loadScalar(scratch, row.state + (layout.totalSum + head));
    Value factor = e.broadcast(e.div(e.floatConst(1.0), sum));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      Value total = stateVector(row, layout.total() + head * layout.paddedDim + v * kLanes);
      e.store(e.mul(total, factor), kernel.buffer("output"), outputStart(number) + (head * dim + v * kLanes),
              lanesOf(v));
    }
  }
}

void AttentionEmitter::writeZeros(Ix number) {
  forColumns(e, layout.tile * dim, [&](Ix column, int64_t count) {
    e.store(e.splat(0), kernel.buffer("output"), outputStart(number) + column, count);
  });
}

// Rows first..first+rows. The pages that all of them see whole are walked together, the others row by row.
void AttentionEmitter::emitBlock(Ix first, Ix rows) {
  int64_t block = spec.rowBlock();
  Ix shared = e.index(0);
  if (block > 1) {
    Ix sequence = integerAt("sequences", first);
    Ix last = integerAt("sequences", first + rows - 1); // rows of a sequence lie together
    Value together = arith::AndIOp::create(
        e, arith::CmpIOp::create(e, arith::CmpIPredicate::eq, Value(sequence), Value(last)),
        arith::AndIOp::create(e, rows == block, e.index(-1) < sequence));
    Ix whole = (integerAt("positions", first) + 1) / kPage; // positions ascend
    shared = Ix(e, e.select(together, whole, e.index(0)));
    SmallVector<Row> all;
    for (int64_t r = 0; r < block; ++r) {
      all.push_back(rowAt(e.index(r), first + r));
    }
    e.forEach(e.index(0), rows, 1, [&](Ix r) { clearRow(rowAt(r, first + r)); });
    walkPages(all, sequence, e.index(0), shared, shared, std::nullopt);
  }
  e.forEach(e.index(0), rows, 1, [&](Ix r) {
    Ix number = first + r;
    Row row = rowAt(r, number);
    Ix sequence = integerAt("sequences", number);
    e.ifThen(
        e.index(-1) < sequence,
        [&] {
          if (block == 1) {
            clearRow(row);
          }
          Ix position = integerAt("positions", number);
          Ix pages = position / kPage + 1;
          walkPages({row}, sequence, shared, pages, pages, position);
          finishRow(row, number);
        },
        [&] { writeZeros(number); });
  });
}

void AttentionEmitter::emit() {
  int64_t block = spec.rowBlock();
  if (block == 1) {
    emitBlock(kernel.x(), e.index(1));
    return;
  }
  Ix first = kernel.x() * block;
  emitBlock(first, (loadRowCount(kernel, RowCount::Tokens) - first).min(block));
}

} // namespace

// The most query heads of one KV head that divide them evenly.
int64_t AttentionSpec::headTile() const {
  int64_t perKvHead = heads / kv.kvHeads;
  int64_t tile = std::min(perKvHead, kMaxTile);
  while (perKvHead % tile != 0) {
    --tile;
  }
  return tile;
}

// As many rows as make a full tile together.
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
  SmallVector<Parameter> parameters = {{"query", f32},
                                       {"positions", i32},
                                       {"sequences", i32},
                                       {"block_table", i32},
                                       {"cache", mlirType(types.getContext(), spec.kv.type)},
                                       {"output", f32, /*written=*/true}};
  if (spec.rowBlock() > 1) {
    parameters.push_back({"step", i32});
  }
  KernelFunction kernel(kernels, spec.name(), parameters);
  AttentionEmitter(kernel, isa, spec).emit();
}

} // namespace cria::cpu
