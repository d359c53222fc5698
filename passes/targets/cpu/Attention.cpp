// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Paged causal attention. A row walks the segments of its sequence in order; a segment of 16 pages (512
// positions) has a softmax of its own, and segments are merged in ascending order. The result of a row and
// query head does not depend on the rows and heads that are computed together with it:
//
//   segment  s[j] = (chain over d of q[d]·K[d][j])·scale;  m = max of s
//            p[j] = e^(s[j] - m);  l = sum of p;  acc[d] = chain over j of p[j]·V[j][d]
//   merge    M' = max(M, m);  A = e^(M - M'), b = e^(m - M');  L = L·A + l·b;  ACC = ACC·A + acc·b
//   result   ACC·(1 / L)
//
// Rows of one sequence are computed together. Values at positions after a row's own are never read.
//
// Where a step has few rows, two kernels split a row over its context: one computes the results m, l and acc
// of segments, the other merges them. They do what the one kernel of whole rows does, in the same order.
#include "passes/targets/cpu/AttentionRows.h"
#include "passes/targets/cpu/StepRows.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kSegmentPages = AttentionState::kSegmentPages;
constexpr int64_t kMaxTile = 8; // query heads or rows computed together
/// Enough for the threads of a processor to end at about the same time; a long context has more segments, and
/// most steps use few of them.
constexpr int64_t kMaxSplits = 32;

class AttentionEmitter {
public:
  AttentionEmitter(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), rows_(kernel, spec), pages_(kernel, isa, spec) {}

  void emitRows();
  void emitSegments();

private:
  using Values = Emitter::Values;
  using Row = AttentionRows::Row;
  using RowBody = llvm::function_ref<void(const Row &)>;

  /// The numbers of pages of a block of rows whose keys and whose values are read once.
  struct Shared {
    Index keys, values;
  };

  Row rowAt(Index first, Index index) { return rows_.at(first + index, index); }
  Index integerAt(llvm::StringRef name, Index at) {
    return e_.fromSigned(e_.loadScalar(kernel_.buffer(name), at));
  }
  Value areTogether(Index first, Index rows);
  Shared sharedPages(Index first, Index rows);
  Index numSegments(Index first, Index rows);
  PageRange inSegment(Index start, const Row &row, Index from, Index to);
  void forRows(Index first, Index rows, Index start, RowBody body);
  void emitSegment(Index first, Index rows, const Shared &shared, Index start, RowBody take);

  Emitter &e_;
  KernelFunction &kernel_;
  const AttentionSpec &spec_;
  AttentionRows rows_;
  AttentionPages pages_;
};

//===----------------------------------------------------------------------------------------------------===//
// A segment
//===----------------------------------------------------------------------------------------------------===//

/// Whether the rows are a whole block of one sequence.
Value AttentionEmitter::areTogether(Index first, Index rows) {
  Index sequence = integerAt("sequences", first);
  Index last = integerAt("sequences", first + rows - 1); // rows of a sequence are contiguous
  Value isOne = arith::CmpIOp::create(e_, arith::CmpIPredicate::eq, Value(sequence), Value(last));
  Value isWhole = arith::AndIOp::create(e_, rows == spec_.rowBlock(), e_.index(-1) < sequence);
  return arith::AndIOp::create(e_, isOne, isWhole);
}

/// The pages that are read for all rows at once, of rows that are together: keys of all that one of them
/// sees, values of those that each sees in full. Positions ascend.
AttentionEmitter::Shared AttentionEmitter::sharedPages(Index first, Index rows) {
  Index none = e_.index(0);
  if (spec_.rowBlock() == 1) {
    return {none, none};
  }
  Value together = areTogether(first, rows);
  auto ifTogether = [&](Index pages) { return Index(e_, e_.select(together, pages, none)); };
  return {ifTogether(integerAt("positions", first + rows - 1) / kPageSlots + 1),
          ifTogether((integerAt("positions", first) + 1) / kPageSlots)};
}

/// The largest number of segments that a row has.
Index AttentionEmitter::numSegments(Index first, Index rows) {
  Values most = e_.loop(e_.index(0), rows, 1, {e_.index(0)}, [&](Index r, ArrayRef<Value> carried) {
    return Values{arith::MaxUIOp::create(e_, carried[0], rows_.numSegments(rowAt(first, r)))};
  });
  return Index(e_, most[0]);
}

/// The pages of the segment that begins at page `start`, from `from` to those before `to`.
PageRange AttentionEmitter::inSegment(Index start, const Row &row, Index from, Index to) {
  Index begin(e_, arith::MaxUIOp::create(e_, start, from.min(start + kSegmentPages)));
  return {row.sequence, start, begin, to.min(start + kSegmentPages), row.pages};
}

/// Runs body(row) for the rows that see a part of the segment that begins at page `start`.
void AttentionEmitter::forRows(Index first, Index rows, Index start, RowBody body) {
  e_.forEach(e_.index(0), rows, 1, [&](Index r) {
    Row row = rowAt(first, r);
    e_.ifThen(start < row.pages, [&] { body(row); });
  });
}

/// Computes a segment in the state of each row that sees a part of it, runs take(row), and clears the segment
/// for the next one.
void AttentionEmitter::emitSegment(Index first, Index rows, const Shared &shared, Index start, RowBody take) {
  SmallVector<AttentionRow> all;
  for (int64_t r = 0; r < spec_.rowBlock(); ++r) {
    all.push_back(rowAt(first, e_.index(r).min(rows - 1)));
  }
  Row last = rowAt(first, rows - 1);
  const bool isBlock = spec_.rowBlock() > 1;
  if (isBlock) {
    pages_.score(all, inSegment(start, last, start, shared.keys));
  }
  forRows(first, rows, start, [&](const Row &row) {
    pages_.score(row, inSegment(start, row, shared.keys, row.pages));
    rows_.weigh(row, start);
  });
  if (isBlock) {
    pages_.accumulateShared(all, inSegment(start, last, start, shared.values));
  }
  forRows(first, rows, start, [&](const Row &row) {
    pages_.accumulateOwn(row, inSegment(start, row, shared.values, row.pages));
    take(row);
    rows_.clearSegment(row);
  });
}

//===----------------------------------------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------------------------------------===//

void AttentionEmitter::emitRows() {
  const int64_t block = spec_.rowBlock();
  Index first = kernel_.x() * block, rows = e_.index(1);
  if (block > 1) {
    rows = (loadRowCount(kernel_, ExtentKind::tokens) - first).min(block);
  }
  e_.forEach(e_.index(0), rows, 1, [&](Index r) {
    rows_.clearSegment(rowAt(first, r));
    rows_.clearTotal(rowAt(first, r));
  });
  const Shared shared = sharedPages(first, rows);
  e_.forEach(e_.index(0), numSegments(first, rows), 1, [&](Index segment) {
    emitSegment(first, rows, shared, segment * kSegmentPages,
                [&](const Row &row) { rows_.merge(row, rows_.current(row)); });
  });
  e_.forEach(e_.index(0), rows, 1, [&](Index r) { rows_.finish(rowAt(first, r)); });
}

/// The segments that a row has are spread evenly over its workgroups, so that threads that take workgroups in
/// runs each get their share at every position.
void AttentionEmitter::emitSegments() {
  Index split = kernel_.x(), number = kernel_.z();
  const Row row = rowAt(number, e_.index(0));
  Index count = rows_.numSegments(row);
  Index begin = split * count / spec_.splits(), end = (split + 1) * count / spec_.splits();
  e_.ifThen(begin < end, [&] {
    rows_.clearSegment(row);
    e_.forEach(begin, end, 1, [&](Index segment) {
      emitSegment(number, e_.index(1), {e_.index(0), e_.index(0)}, segment * kSegmentPages,
                  [&](const Row &each) { rows_.copy(rows_.current(each), rows_.partial(each, segment)); });
    });
  });
}

void emitMerge(KernelFunction &kernel, const AttentionSpec &spec) {
  Emitter &e = kernel.emitter();
  AttentionRows rows(kernel, spec);
  const AttentionRows::Row row = rows.at(kernel.x(), e.index(0));
  rows.clearTotal(row);
  e.forEach(e.index(0), rows.numSegments(row), 1,
            [&](Index segment) { rows.merge(row, rows.partial(row, segment)); });
  rows.finish(row);
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
int64_t AttentionSpec::rowBlock() const {
  return singleRow || part != Part::rows ? 1 : kMaxTile / headTile();
}

int64_t AttentionSpec::segments() const { return int64_t(llvm::divideCeil(maxPages, kSegmentPages)); }

int64_t AttentionSpec::splits() const { return std::min(segments(), kMaxSplits); }

int64_t AttentionSpec::resultSize() const { return attentionState(*this).resultSize(); }

std::string AttentionSpec::name() const {
  std::string name =
      llvm::formatv("attention_q{0}_{1}_s{2}_p{3}", heads, kv.name(), floatTag(scale), maxPages);
  appendStride(name, "i", queryStride, heads * kv.headDim);
  appendStride(name, "o", outputStride, heads * kv.headDim);
  switch (part) {
  case Part::rows:
    return name + (rowBlock() == 1 ? "_row" : "_tokens");
  case Part::segments:
    return name + "_segments";
  case Part::merge:
    return name + "_merge";
  }
  llvm_unreachable("not a part");
}

std::vector<std::string> AttentionSpec::bindings() const {
  if (part == Part::merge) {
    return {"partial", "positions", "sequences", "output"};
  }
  std::vector<std::string> names = {"query",       "positions", "sequences",
                                    "block_table", "cache",     part == Part::rows ? "output" : "partial"};
  if (kv.hasScales()) {
    names.push_back("cache.scales");
  }
  if (rowBlock() > 1) {
    names.push_back("step");
  }
  return names;
}

int64_t AttentionSpec::scratchBytes() const {
  const AttentionState state = attentionState(*this);
  return rowBlock() * (part == Part::merge ? state.scores() : state.size()) * int64_t(sizeof(float));
}

void emitAttention(ModuleOp kernels, const Isa &isa, const AttentionSpec &spec) {
  using Part = AttentionSpec::Part;
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec,
                        {{"query", f32},
                         {"positions", i32},
                         {"sequences", i32},
                         {"block_table", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type)},
                         {"cache.scales", types.getF16Type()},
                         {"partial", f32, /*written=*/spec.part == Part::segments},
                         {"output", f32, /*written=*/true},
                         {"step", i32}});
  switch (spec.part) {
  case Part::rows:
    return AttentionEmitter(kernel, isa, spec).emitRows();
  case Part::segments:
    return AttentionEmitter(kernel, isa, spec).emitSegments();
  case Part::merge:
    return emitMerge(kernel, spec);
  }
}

} // namespace cria::cpu
