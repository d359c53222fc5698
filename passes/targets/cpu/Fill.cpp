// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry `initialize`: random weights as format/RandomWeights.h defines them, and ones.
#include "format/RandomWeights.h"
#include "passes/targets/cpu/EmitterSupport.h"
#include "passes/targets/cpu/Kernels.h"
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
      : e(kernel.emitter()), kernel(kernel), spec(spec), weight(kernel.buffer("weight")) {}

  void emit() {
    Ix first = kernel.x() * kLanes;
    Ix rows = word(offsetof(RandomSegment, rows));
    Ix end = (first + kLanes).min(rows);
    if (!spec.panels) {
      e.forEach(first, end, 1, [&](Ix row) { emitRow(row); });
      return;
    }
    // Sixteen rows that land on one whole panel are written a column at a time, others element by element.
    Ix destination = destinationRow(first);
    Ix misfit = destination % kLanes + (destinationRow(first + kLanes - 1) - destination - (kLanes - 1)) +
                (first + kLanes - end);
    e.ifThen(
        misfit == 0, [&] { emitPanel(first, destination); },
        [&] { e.forEach(first, end, 1, [&](Ix row) { emitStridedRow(row); }); });
  }

private:
  Ix word(size_t byteOffset) {
    return e.fromUnsigned(e.loadScalar(kernel.buffer("constants"), e.index(byteOffset / sizeof(uint32_t))));
  }

  Ix destinationRow(Ix row) {
    Ix block = word(offsetof(RandomSegment, block));
    return word(offsetof(RandomSegment, firstRow)) + row / block * word(offsetof(RandomSegment, stride)) +
           row % block;
  }

  Value tensorKey() {
    return e.loadScalar(kernel.buffer("constants"),
                        e.index(offsetof(RandomSegment, tensorKey) / sizeof(uint32_t)));
  }

  Value rowKey(Ix row) { return emitMix(e, e.addInt(tensorKey(), e.toInt(row))); }

  // The values of 16 elements from their row keys and hashed columns.
  Value values(Value rowKeys, Value columnHashes) {
    Value hash = emitMix(e, e.xorInt(rowKeys, columnHashes));
    Value byte = arith::ShRSIOp::create(e, hash, e.splatInt(24));
    Value number = arith::SIToFPOp::create(e, e.vectorOf(e.f32()), byte);
    return e.mul(number, e.splat(randomScale(spec.columns)));
  }

  Value columnHash(Ix column) {
    return e.mulInt(e.toInt(column), e.intConst(static_cast<int32_t>(kColumnFactor), e.i32()));
  }

  Value laneNumbers() {
    SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, kLanes));
    return arith::ConstantOp::create(e,
                                     DenseElementsAttr::get(e.vectorOf(e.i32()), ArrayRef<int32_t>(numbers)));
  }

  // Lane = row.
  void emitPanel(Ix first, Ix destination) {
    Value rows = e.addInt(e.broadcast(e.toInt(first)), laneNumbers());
    Value keys = emitMix(e, e.addInt(e.broadcast(tensorKey()), rows));
    Ix panel = destination / kLanes * (kLanes * spec.columns);
    e.forEach(e.index(0), e.index(spec.columns), 1,
              [&](Ix k) { e.store(values(keys, e.broadcast(columnHash(k))), weight, panel + k * kLanes); });
  }

  // Lane = column, from here on.
  Value rowValues(Value keys, Ix column) {
    Value columns = e.addInt(e.broadcast(e.toInt(column)), laneNumbers());
    return values(keys, e.mulInt(columns, e.splatInt(kColumnFactor)));
  }

  void emitRow(Ix row) {
    Value keys = e.broadcast(rowKey(row));
    Ix start = destinationRow(row) * spec.columns;
    forColumns(e, spec.columns, [&](Ix column, int64_t count) {
      e.store(rowValues(keys, column), weight, start + column, count);
    });
  }

  void emitStridedRow(Ix row) {
    Value keys = e.broadcast(rowKey(row));
    Ix destination = destinationRow(row);
    Ix start = destination / kLanes * (kLanes * spec.columns) + destination % kLanes;
    forColumns(e, spec.columns, [&](Ix column, int64_t count) {
      Value vector = rowValues(keys, column);
      for (int64_t lane = 0; lane < count; ++lane) {
        e.storeFloat(e.lane(vector, lane), weight, start + (column + lane) * kLanes);
      }
    });
  }

  Emitter &e;
  KernelFunction &kernel;
  const FillSpec &spec;
  Value weight;
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
  Parameter weight = {"weight", mlirType(types.getContext(), spec.type), /*written=*/true};
  if (!spec.ones) {
    KernelFunction kernel(kernels, spec.name(), {{"constants", types.getI32Type()}, weight});
    RandomFillEmitter(kernel, spec).emit();
    return;
  }
  KernelFunction kernel(kernels, spec.name(), {weight});
  Emitter &e = kernel.emitter();
  forColumns(e, spec.columns, [&](Ix column, int64_t count) {
    e.store(e.splat(1.0), kernel.buffer("weight"), kernel.x() * spec.columns + column, count);
  });
}

} // namespace cria::cpu
