// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of attention that does not read the cache: the state of a row, the softmax of a segment, the merge
// of segments and the result. Kernels that compute whole rows, segments, or merges of segments share it.
#pragma once

#include "passes/targets/cpu/AttentionPages.h"

namespace cria::cpu {

class AttentionRows {
public:
  /// Row `number` of the step.
  struct Row : AttentionRow {
    Index number, sequence, pages; ///< no pages if it has no sequence
  };
  /// The result of a segment: the first AttentionState::resultSize() floats of a state, at `at` of `buffer`.
  struct Result {
    mlir::Value buffer;
    Index at;
  };

  AttentionRows(KernelFunction &kernel, const AttentionSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), state_(attentionState(spec)),
        dim_(spec.kv.headDim), scratch_(kernel.scratch()) {}

  /// `index`: the place of its state in scratch.
  Row at(Index number, Index index);
  Index numSegments(const Row &row);

  /// Makes the state that of a row whose segment is empty, or of one without previous segments. Lanes without
  /// a head are computed as well and must not be NaN.
  void clearSegment(const Row &row);
  void clearTotal(const Row &row);
  /// Replaces the scores of a row by their exponentials; the segment begins at page `start`.
  void weigh(const Row &row, Index start);
  /// The result of the segment that is in the row's state.
  Result current(const Row &row) { return {scratch_, row.state}; }
  /// The result of a segment in the binding "partial".
  Result partial(const Row &row, Index segment);
  void copy(const Result &from, const Result &to);
  /// Merges a segment with the previous ones. Segments ascend.
  void merge(const Row &row, const Result &segment);
  /// Writes the row of the output: zeros if it has no sequence.
  void finish(const Row &row);

private:
  using Values = Emitter::Values;

  Index integerAt(llvm::StringRef name, Index at) {
    return e_.fromSigned(e_.loadScalar(kernel_.buffer(name), at));
  }
  mlir::Value stateVector(const Row &row, int64_t at) { return e_.load(scratch_, row.state + at); }
  void setState(const Row &row, int64_t at, mlir::Value vector) {
    e_.store(vector, scratch_, row.state + at);
  }
  void clear(const Row &row, int64_t from, int64_t to);
  int64_t dimVectors() const { return state_.paddedDim / kLanes; }
  void weighHead(const Row &row, int64_t head, Index slots);
  void mergeHead(const Row &row, const Result &segment, int64_t head);
  void writeResult(const Row &row);
  void writeZeros(const Row &row);
  Index outputStart(Index number) {
    return number * strideOf(spec_.outputStride, spec_.heads * dim_) + kernel_.y() * (state_.tile * dim_);
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const AttentionSpec &spec_;
  AttentionState state_;
  int64_t dim_;
  mlir::Value scratch_;
};

} // namespace cria::cpu
