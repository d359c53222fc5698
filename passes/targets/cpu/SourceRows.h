// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of a source tensor in kernels that fill weights: workgroup x has rows [16 · x, 16 · x + 16) of a
// RandomSegment (format/RandomWeights.h), which is bound as "constants".
#pragma once

#include "format/RandomWeights.h"
#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/VectorMath.h"

#include "llvm/ADT/Sequence.h"

#include <cstddef>

namespace cria::cpu {

class SourceRows {
public:
  explicit SourceRows(KernelFunction &kernel)
      : e_(kernel.emitter()), constants_(kernel.buffer("constants")), first_(kernel.x() * kLanes) {}

  /// Calls whole(destination) if the rows are one panel of the weight, whose first row is `destination`, else
  /// single(row) for each.
  void forPanelOrRows(llvm::function_ref<void(Index)> whole, llvm::function_ref<void(Index)> single) {
    Index end = this->end();
    Index destination = destinationOf(first_);
    Index misfit = destination % kLanes + (destinationOf(first_ + kLanes - 1) - destination - (kLanes - 1)) +
                   (first_ + kLanes - end);
    e_.ifThen(misfit == 0, [&] { whole(destination); }, [&] { e_.forEach(first_, end, 1, single); });
  }
  void forRows(llvm::function_ref<void(Index)> single) { e_.forEach(first_, end(), 1, single); }

  /// The row of the weight that a row of the source becomes.
  Index destinationOf(Index row) {
    Index block = index(offsetof(RandomSegment, block));
    return index(offsetof(RandomSegment, firstRow)) + row / block * index(offsetof(RandomSegment, stride)) +
           row % block;
  }

  /// randomRowKey() of a row: an i32.
  mlir::Value keyOf(Index row) { return emitMix(e_, e_.addInt(tensorKey(), e_.toInt(row))); }
  /// The keys of the 16 rows.
  mlir::Value keys() {
    mlir::Value rows = e_.addInt(e_.broadcast(e_.toInt(first_)), laneNumbers());
    return emitMix(e_, e_.addInt(e_.broadcast(tensorKey()), rows));
  }
  /// What the keys of rows are combined with for a column: an i32, or a vector of them.
  mlir::Value hashOf(mlir::Value column) {
    return e_.mulInt(column, e_.intLike(column, int32_t(0x9E3779B1)));
  }

  /// 0, 1, ..., 15.
  mlir::Value laneNumbers() {
    llvm::SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, kLanes));
    return mlir::arith::ConstantOp::create(
        e_, mlir::DenseElementsAttr::get(e_.vectorOf(e_.i32()), llvm::ArrayRef<int32_t>(numbers)));
  }

private:
  mlir::Value word(size_t byteOffset) {
    return e_.loadScalar(constants_, e_.index(int64_t(byteOffset / sizeof(uint32_t))));
  }
  Index index(size_t byteOffset) { return e_.fromUnsigned(word(byteOffset)); }
  mlir::Value tensorKey() { return word(offsetof(RandomSegment, tensorKey)); }
  Index end() { return (first_ + kLanes).min(index(offsetof(RandomSegment, rows))); }

  Emitter &e_;
  mlir::Value constants_;
  Index first_;
};

} // namespace cria::cpu
