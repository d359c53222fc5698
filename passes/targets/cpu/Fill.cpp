// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry point `initialize`: random weights as format/RandomWeights.h defines them, and ones.
#include "format/RandomWeights.h"
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/VectorMath.h"

#include <cstddef>

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr uint32_t kColumnFactor = 0x9E3779B1u;

/// Writes 16 source rows into the weight.
class RandomFillEmitter {
public:
  RandomFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), weight_(kernel.buffer("weight")) {}

  void emit() {
    Index first = kernel_.x() * kLanes;
    Index rows = word(offsetof(RandomSegment, rows));
    Index end = (first + kLanes).min(rows);
    if (!spec_.panels) {
      e_.forEach(first, end, 1, [&](Index row) { emitRow(row); });
      return;
    }
    // Sixteen rows that are one whole panel of the weight are written a column at a time, others element by
    // element.
    Index destination = destinationRow(first);
    Index misfit = destination % kLanes + (destinationRow(first + kLanes - 1) - destination - (kLanes - 1)) +
                   (first + kLanes - end);
    e_.ifThen(
        misfit == 0, [&] { emitPanel(first, destination); },
        [&] { e_.forEach(first, end, 1, [&](Index row) { emitStridedRow(row); }); });
  }

private:
  Index word(size_t byteOffset) {
    return e_.fromUnsigned(
        e_.loadScalar(kernel_.buffer("constants"), e_.index(byteOffset / sizeof(uint32_t))));
  }

  Index destinationRow(Index row) {
    Index block = word(offsetof(RandomSegment, block));
    return word(offsetof(RandomSegment, firstRow)) + row / block * word(offsetof(RandomSegment, stride)) +
           row % block;
  }

  Value tensorKey() {
    return e_.loadScalar(kernel_.buffer("constants"),
                         e_.index(offsetof(RandomSegment, tensorKey) / sizeof(uint32_t)));
  }

  Value rowKey(Index row) { return emitMix(e_, e_.addInt(tensorKey(), e_.toInt(row))); }

  // The values of 16 elements from their row keys and hashed columns.
  Value values(Value rowKeys, Value columnHashes) {
    Value hash = emitMix(e_, e_.xorInt(rowKeys, columnHashes));
    Value byte = arith::ShRSIOp::create(e_, hash, e_.splatInt(24));
    Value number = arith::SIToFPOp::create(e_, e_.vectorOf(e_.f32()), byte);
    return e_.mul(number, e_.splat(randomScale(spec_.columns)));
  }

  Value columnHash(Index column) {
    return e_.mulInt(e_.toInt(column), e_.intConst(static_cast<int32_t>(kColumnFactor), e_.i32()));
  }

  Value laneNumbers() {
    SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, kLanes));
    return arith::ConstantOp::create(
        e_, DenseElementsAttr::get(e_.vectorOf(e_.i32()), ArrayRef<int32_t>(numbers)));
  }

  // Lane = row.
  void emitPanel(Index first, Index destination) {
    Value rows = e_.addInt(e_.broadcast(e_.toInt(first)), laneNumbers());
    Value keys = emitMix(e_, e_.addInt(e_.broadcast(tensorKey()), rows));
    Index panel = destination / kLanes * (kLanes * spec_.columns);
    e_.forEach(e_.index(0), e_.index(spec_.columns), 1, [&](Index k) {
      e_.store(values(keys, e_.broadcast(columnHash(k))), weight_, panel + k * kLanes);
    });
  }

  // From here on, lane = column.
  Value rowValues(Value keys, Index column) {
    Value columns = e_.addInt(e_.broadcast(e_.toInt(column)), laneNumbers());
    return values(keys, e_.mulInt(columns, e_.splatInt(kColumnFactor)));
  }

  void emitRow(Index row) {
    Value keys = e_.broadcast(rowKey(row));
    Index start = destinationRow(row) * spec_.columns;
    forColumns(e_, spec_.columns, [&](Index column, int64_t count) {
      e_.store(rowValues(keys, column), weight_, start + column, count);
    });
  }

  void emitStridedRow(Index row) {
    Value keys = e_.broadcast(rowKey(row));
    Index destination = destinationRow(row);
    Index start = destination / kLanes * (kLanes * spec_.columns) + destination % kLanes;
    forColumns(e_, spec_.columns, [&](Index column, int64_t count) {
      Value vector = rowValues(keys, column);
      for (int64_t lane = 0; lane < count; ++lane) {
        e_.storeFloat(e_.lane(vector, lane), weight_, start + (column + lane) * kLanes);
      }
    });
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const FillSpec &spec_;
  Value weight_;
};

} // namespace

std::string FillSpec::name() const {
  return llvm::formatv("{0}_k{1}_{2}_{3}", ones ? "fill_ones" : "fill_random", columns, nameOf(type),
                       panels ? "panel16" : "row_major");
}

std::vector<std::string> FillSpec::bindings() const {
  return ones ? std::vector<std::string>{"weight"} : std::vector<std::string>{"constants", "weight"};
}

void emitFill(ModuleOp kernels, const FillSpec &spec) {
  OpBuilder types(kernels.getContext());
  KernelFunction kernel(kernels, spec,
                        {{"constants", types.getI32Type()},
                         {"weight", mlirType(types.getContext(), spec.type), /*written=*/true}});
  if (!spec.ones) {
    RandomFillEmitter(kernel, spec).emit();
    return;
  }
  Emitter &e = kernel.emitter();
  forColumns(e, spec.columns, [&](Index column, int64_t count) {
    e.store(e.splat(1.0), kernel.buffer("weight"), kernel.x() * spec.columns + column, count);
  });
}

} // namespace cria::cpu
