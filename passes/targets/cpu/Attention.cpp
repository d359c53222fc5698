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
#include "passes/targets/cpu/AttentionPages.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kSegmentPages = AttentionState::kSegmentPages;
constexpr int64_t kMaxTile = 8; // query heads or rows computed together

class AttentionEmitter {
public:
  AttentionEmitter(KernelFunction &kernel, const Isa &isa, const AttentionSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), state_(attentionState(spec)),
        dim_(spec.kv.headDim), scratch_(kernel.scratch()), pages_(kernel, isa, spec) {}

  void emit();

private:
  using Values = Emitter::Values;

  /// Row `number` of the step, the one in place `index` of the workgroup.
  struct Row : AttentionRow {
    Index number, sequence, pages; ///< no pages if it has no sequence
  };

  /// The numbers of pages of a block of rows whose keys and whose values are read once.
  struct Shared {
    Index keys, values;
  };

  Row rowAt(Index first, Index index);
  Index integerAt(llvm::StringRef name, Index at) {
    return e_.fromSigned(e_.loadScalar(kernel_.buffer(name), at));
  }
  Value stateVector(const AttentionRow &row, int64_t at) { return e_.load(scratch_, row.state + at); }
  void setState(const AttentionRow &row, int64_t at, Value vector) {
    e_.store(vector, scratch_, row.state + at);
  }
  void clearState(const AttentionRow &row, int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += kLanes) {
      setState(row, at, e_.splat(0));
    }
  }
  int64_t dimVectors() const { return state_.paddedDim / kLanes; }

  void clearSegment(const Row &row);
  void clearRow(const Row &row);
  Value areTogether(Index first, Index rows);
  Shared sharedPages(Index first, Index rows);
  Index numSegments(Index first, Index rows);
  PageRange inSegment(Index start, const Row &row, Index from, Index to);
  void forRows(Index first, Index rows, Index start, llvm::function_ref<void(const Row &)> body);
  void emitSegment(Index first, Index rows, const Shared &shared, Index start);
  void weigh(const Row &row, Index start);
  void weighHead(const Row &row, int64_t head, Index slots);
  void mergeSegment(const Row &row);
  void mergeHead(const Row &row, int64_t head);
  void finishRow(const Row &row);
  void writeZeros(const Row &row);
  Index outputStart(Index number) {
    return number * strideOf(spec_.outputStride, spec_.heads * dim_) + kernel_.y() * (state_.tile * dim_);
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const AttentionSpec &spec_;
  AttentionState state_;
  int64_t dim_;
  Value scratch_;
  AttentionPages pages_;
};

AttentionEmitter::Row AttentionEmitter::rowAt(Index first, Index index) {
  Index number = first + index;
  Index sequence = integerAt("sequences", number), position = integerAt("positions", number);
  Index query = number * strideOf(spec_.queryStride, spec_.heads * dim_) + kernel_.y() * (state_.tile * dim_);
  Value pages = e_.select(e_.index(-1) < sequence, position / kPageSlots + 1, e_.index(0));
  return {{index * state_.size(), query, position}, number, sequence, Index(e_, pages)};
}

void AttentionEmitter::clearSegment(const Row &row) { clearState(row, state_.accumulator(), state_.total()); }

/// Lanes without a head are computed as well and must not be NaN.
void AttentionEmitter::clearRow(const Row &row) {
  setState(row, state_.maximum, e_.splat(AttentionSpec::kNotSeen));
  setState(row, state_.sum, e_.splat(0));
  setState(row, state_.totalMaximum, e_.splat(AttentionSpec::kNotSeen));
  setState(row, state_.totalSum, e_.splat(0));
  clearState(row, state_.accumulator(), state_.size());
}

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
    Index segments = (rowAt(first, r).pages + (kSegmentPages - 1)) / kSegmentPages;
    return Values{arith::MaxUIOp::create(e_, carried[0], segments)};
  });
  return Index(e_, most[0]);
}

/// The pages of the segment that begins at page `start`, from `from` to those before `to`.
PageRange AttentionEmitter::inSegment(Index start, const Row &row, Index from, Index to) {
  Index begin(e_, arith::MaxUIOp::create(e_, start, from.min(start + kSegmentPages)));
  return {row.sequence, start, begin, to.min(start + kSegmentPages), row.pages};
}

/// Runs body(row) for the rows that see a part of the segment that begins at page `start`.
void AttentionEmitter::forRows(Index first, Index rows, Index start,
                               llvm::function_ref<void(const Row &)> body) {
  e_.forEach(e_.index(0), rows, 1, [&](Index r) {
    Row row = rowAt(first, r);
    e_.ifThen(start < row.pages, [&] { body(row); });
  });
}

/// Adds a segment to the state of each row that sees a part of it.
void AttentionEmitter::emitSegment(Index first, Index rows, const Shared &shared, Index start) {
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
    weigh(row, start);
  });
  if (isBlock) {
    pages_.accumulateShared(all, inSegment(start, last, start, shared.values));
  }
  forRows(first, rows, start, [&](const Row &row) {
    pages_.accumulateOwn(row, inSegment(start, row, shared.values, row.pages));
    mergeSegment(row);
  });
}

/// Replaces the scores of a row by their exponentials.
void AttentionEmitter::weigh(const Row &row, Index start) {
  Index slots = (row.position + 1 - start * kPageSlots).min(AttentionState::kSegment);
  for (int64_t head = 0; head < state_.tile; ++head) {
    weighHead(row, head, slots);
  }
}

void AttentionEmitter::weighHead(const Row &row, int64_t head, Index slots) {
  Index scores = row.state + (state_.scores + head * AttentionState::kSegment);
  Values largest = e_.loop(e_.index(0), slots, kLanes, {e_.splat(AttentionSpec::kNotSeen)},
                           [&](Index slot, ArrayRef<Value> carried) {
                             return Values{e_.max(carried[0], e_.load(scratch_, scores + slot))};
                           });
  Value maximum = emitMax(e_, largest[0]);
  e_.storeScalar(maximum, scratch_, row.state + (state_.maximum + head));
  Values sum = e_.loop(e_.index(0), slots, kLanes, {e_.splat(0)}, [&](Index slot, ArrayRef<Value> carried) {
    Value weight = emitExp(e_, e_.sub(e_.load(scratch_, scores + slot), e_.broadcast(maximum)));
    weight = e_.select(e_.laneBelow(slots - slot), weight, e_.splat(0));
    e_.store(weight, scratch_, scores + slot);
    return Values{e_.add(carried[0], weight)};
  });
  e_.storeScalar(emitSum(e_, sum[0]), scratch_, row.state + (state_.sum + head));
}

/// Merges the current segment with the previous ones, and starts the next.
void AttentionEmitter::mergeSegment(const Row &row) {
  Value before = stateVector(row, state_.totalMaximum), segment = stateVector(row, state_.maximum);
  Value after = e_.max(before, segment);
  Value keep = emitExp(e_, e_.sub(before, after)), take = emitExp(e_, e_.sub(segment, after));
  setState(row, state_.totalMaximum, after);
  Value sum = e_.mul(stateVector(row, state_.sum), take);
  setState(row, state_.totalSum, e_.fma(stateVector(row, state_.totalSum), keep, sum));
  setState(row, state_.otherFactor, keep);
  setState(row, state_.factor, take);
  for (int64_t head = 0; head < state_.tile; ++head) {
    mergeHead(row, head);
  }
  clearSegment(row);
}

void AttentionEmitter::mergeHead(const Row &row, int64_t head) {
  Value keep = e_.broadcast(e_.loadScalar(scratch_, row.state + (state_.otherFactor + head)));
  Value take = e_.broadcast(e_.loadScalar(scratch_, row.state + (state_.factor + head)));
  for (int64_t v = 0; v < dimVectors(); ++v) {
    const int64_t at = head * state_.paddedDim + v * kLanes;
    Value taken = e_.mul(stateVector(row, state_.accumulator() + at), take);
    setState(row, state_.total() + at, e_.fma(stateVector(row, state_.total() + at), keep, taken));
  }
}

//===----------------------------------------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------------------------------------===//

void AttentionEmitter::finishRow(const Row &row) {
  for (int64_t head = 0; head < state_.tile; ++head) {
    Value sum = e_.loadScalar(scratch_, row.state + (state_.totalSum + head));
    Value factor = e_.broadcast(e_.div(e_.floatConst(1.0), sum));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      Value total = stateVector(row, state_.total() + head * state_.paddedDim + v * kLanes);
      e_.store(e_.mul(total, factor), kernel_.buffer("output"),
               outputStart(row.number) + (head * dim_ + v * kLanes), std::min(kLanes, dim_ - v * kLanes));
    }
  }
}

void AttentionEmitter::writeZeros(const Row &row) {
  forColumns(e_, state_.tile * dim_, [&](Index column, int64_t count) {
    e_.store(e_.splat(0), kernel_.buffer("output"), outputStart(row.number) + column, count);
  });
}

void AttentionEmitter::emit() {
  const int64_t block = spec_.rowBlock();
  Index first = kernel_.x() * block, rows = e_.index(1);
  if (block > 1) {
    rows = (loadRowCount(kernel_, ExtentKind::tokens) - first).min(block);
  }
  e_.forEach(e_.index(0), rows, 1, [&](Index r) { clearRow(rowAt(first, r)); });
  const Shared shared = sharedPages(first, rows);
  e_.forEach(e_.index(0), numSegments(first, rows), 1,
             [&](Index segment) { emitSegment(first, rows, shared, segment * kSegmentPages); });
  e_.forEach(e_.index(0), rows, 1, [&](Index r) {
    Row row = rowAt(first, r);
    e_.ifThen(e_.index(-1) < row.sequence, [&] { finishRow(row); }, [&] { writeZeros(row); });
  });
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
  if (kv.hasScales()) {
    names.push_back("cache.scales");
  }
  if (rowBlock() > 1) {
    names.push_back("step");
  }
  return names;
}

int64_t AttentionSpec::scratchBytes() const {
  return rowBlock() * attentionState(*this).size() * int64_t(sizeof(float));
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
                         {"cache.scales", types.getF16Type()},
                         {"output", f32, /*written=*/true},
                         {"step", i32}});
  AttentionEmitter(kernel, isa, spec).emit();
}

} // namespace cria::cpu
