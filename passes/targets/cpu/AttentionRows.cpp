// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/cpu/AttentionRows.h"

#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {

AttentionRows::Row AttentionRows::at(Index number, Index index) {
  Index sequence = integerAt("sequences", number), position = integerAt("positions", number);
  Index query = number * strideOf(spec_.queryStride, spec_.heads * dim_) + kernel_.y() * (state_.tile * dim_);
  Value pages = e_.select(e_.index(-1) < sequence, position / kPageSlots + 1, e_.index(0));
  return {{index * state_.size(), query, position}, number, sequence, Index(e_, pages)};
}

Index AttentionRows::numSegments(const Row &row) {
  return (row.pages + (AttentionState::kSegmentPages - 1)) / AttentionState::kSegmentPages;
}

AttentionRows::Result AttentionRows::partial(const Row &row, Index segment) {
  Index tile = row.number * spec_.tiles() + kernel_.y();
  return {kernel_.buffer("partial"), (tile * spec_.segments() + segment) * state_.resultSize()};
}

void AttentionRows::clear(const Row &row, int64_t from, int64_t to) {
  for (int64_t at = from; at < to; at += kLanes) {
    setState(row, at, e_.splat(0));
  }
}

void AttentionRows::clearSegment(const Row &row) {
  setState(row, state_.maximum, e_.splat(AttentionSpec::kNotSeen));
  clear(row, state_.sum, state_.resultSize());
}

void AttentionRows::clearTotal(const Row &row) {
  setState(row, state_.totalMaximum(), e_.splat(AttentionSpec::kNotSeen));
  setState(row, state_.totalSum(), e_.splat(0));
  clear(row, state_.total(), state_.scores());
}

void AttentionRows::copy(const Result &from, const Result &to) {
  for (int64_t at = 0; at < state_.resultSize(); at += kLanes) {
    e_.store(e_.load(from.buffer, from.at + at), to.buffer, to.at + at);
  }
}

//===----------------------------------------------------------------------------------------------------===//
// Softmax of a segment
//===----------------------------------------------------------------------------------------------------===//

void AttentionRows::weigh(const Row &row, Index start) {
  Index slots = (row.position + 1 - start * kPageSlots).min(AttentionState::kSegment);
  for (int64_t head = 0; head < state_.tile; ++head) {
    weighHead(row, head, slots);
  }
}

void AttentionRows::weighHead(const Row &row, int64_t head, Index slots) {
  Index scores = row.state + (state_.scores() + head * AttentionState::kScores);
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

//===----------------------------------------------------------------------------------------------------===//
// Merge and result
//===----------------------------------------------------------------------------------------------------===//

void AttentionRows::merge(const Row &row, const Result &segment) {
  Value before = stateVector(row, state_.totalMaximum());
  Value maximum = e_.load(segment.buffer, segment.at + state_.maximum), after = e_.max(before, maximum);
  Value keep = emitExp(e_, e_.sub(before, after)), take = emitExp(e_, e_.sub(maximum, after));
  setState(row, state_.totalMaximum(), after);
  Value sum = e_.mul(e_.load(segment.buffer, segment.at + state_.sum), take);
  setState(row, state_.totalSum(), e_.fma(stateVector(row, state_.totalSum()), keep, sum));
  setState(row, state_.otherFactor(), keep);
  setState(row, state_.factor(), take);
  for (int64_t head = 0; head < state_.tile; ++head) {
    mergeHead(row, segment, head);
  }
}

void AttentionRows::mergeHead(const Row &row, const Result &segment, int64_t head) {
  Value keep = e_.broadcast(e_.loadScalar(scratch_, row.state + (state_.otherFactor() + head)));
  Value take = e_.broadcast(e_.loadScalar(scratch_, row.state + (state_.factor() + head)));
  for (int64_t v = 0; v < dimVectors(); ++v) {
    const int64_t at = head * state_.paddedDim + v * kLanes;
    Value taken = e_.mul(e_.load(segment.buffer, segment.at + (state_.accumulator + at)), take);
    setState(row, state_.total() + at, e_.fma(stateVector(row, state_.total() + at), keep, taken));
  }
}

void AttentionRows::finish(const Row &row) {
  e_.ifThen(e_.index(-1) < row.sequence, [&] { writeResult(row); }, [&] { writeZeros(row); });
}

void AttentionRows::writeResult(const Row &row) {
  for (int64_t head = 0; head < state_.tile; ++head) {
    Value sum = e_.loadScalar(scratch_, row.state + (state_.totalSum() + head));
    Value factor = e_.broadcast(e_.div(e_.floatConst(1.0), sum));
    for (int64_t v = 0; v < dimVectors(); ++v) {
      Value total = stateVector(row, state_.total() + head * state_.paddedDim + v * kLanes);
      e_.store(e_.mul(total, factor), kernel_.buffer("output"),
               outputStart(row.number) + (head * dim_ + v * kLanes), std::min(kLanes, dim_ - v * kLanes));
    }
  }
}

void AttentionRows::writeZeros(const Row &row) {
  forColumns(e_, state_.tile * dim_, [&](Index column, int64_t count) {
    e_.store(e_.splat(0), kernel_.buffer("output"), outputStart(row.number) + column, count);
  });
}

} // namespace cria::cpu
