// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry point `initialize`: random weights as format/RandomWeights.h defines them, and ones.
#include "passes/targets/cpu/SourceRows.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/WeightKernels.h"

using namespace mlir;

namespace cria::cpu {
namespace {

/// Writes 16 source rows into a dense weight.
class RandomFillEmitter {
public:
  RandomFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e_(kernel.emitter()), rows_(kernel), spec_(spec), weight_(kernel.buffer("weight")) {}

  // A whole panel of the weight is written a column at a time, other rows element by element.
  void emit() {
    if (!spec_.panels) {
      rows_.forRows([&](Index row) { emitRow(row); });
      return;
    }
    rows_.forPanelOrRows([&](Index destination) { emitPanel(destination); },
                         [&](Index row) { emitStridedRow(row); });
  }

private:
  // The values of 16 elements from their row keys and hashed columns.
  Value values(Value rowKeys, Value columnHashes) {
    Value hash = emitMix(e_, e_.xorInt(rowKeys, columnHashes));
    Value byte = arith::ShRSIOp::create(e_, hash, e_.splatInt(24));
    Value number = arith::SIToFPOp::create(e_, e_.vectorOf(e_.f32()), byte);
    return e_.mul(number, e_.splat(randomScale(uint64_t(spec_.columns))));
  }

  // Lane = row.
  void emitPanel(Index destination) {
    Value keys = rows_.keys();
    Index panel = destination / kLanes * (kLanes * spec_.columns);
    e_.forEach(e_.index(0), e_.index(spec_.columns), 1, [&](Index k) {
      e_.store(values(keys, e_.broadcast(rows_.hashOf(e_.toInt(k)))), weight_, panel + k * kLanes);
    });
  }

  // From here on, lane = column.
  Value rowValues(Value keys, Index column) {
    return values(keys, rows_.hashOf(e_.addInt(e_.broadcast(e_.toInt(column)), rows_.laneNumbers())));
  }

  void emitRow(Index row) {
    Value keys = e_.broadcast(rows_.keyOf(row));
    Index start = rows_.destinationOf(row) * spec_.columns;
    forColumns(e_, spec_.columns, [&](Index column, int64_t count) {
      e_.store(rowValues(keys, column), weight_, start + column, count);
    });
  }

  void emitStridedRow(Index row) {
    Value keys = e_.broadcast(rows_.keyOf(row));
    Index destination = rows_.destinationOf(row);
    Index start = destination / kLanes * (kLanes * spec_.columns) + destination % kLanes;
    forColumns(e_, spec_.columns, [&](Index column, int64_t count) {
      Value vector = rowValues(keys, column);
      for (int64_t lane = 0; lane < count; ++lane) {
        e_.storeFloat(e_.lane(vector, lane), weight_, start + (column + lane) * kLanes);
      }
    });
  }

  Emitter &e_;
  SourceRows rows_;
  const FillSpec &spec_;
  Value weight_;
};

} // namespace

std::string FillSpec::name() const {
  return llvm::formatv("{0}_k{1}_{2}_{3}", ones ? "fill_ones" : "fill_random", columns, nameOf(format),
                       panels ? "panel16" : "row_major");
}

std::vector<std::string> FillSpec::bindings() const {
  return ones ? std::vector<std::string>{"weight"} : std::vector<std::string>{"constants", "weight"};
}

void emitFill(ModuleOp kernels, const FillSpec &spec) {
  OpBuilder types(kernels.getContext());
  KernelFunction kernel(
      kernels, spec,
      {{"constants", types.getI32Type()}, {"weight", elementOfWeight(types, spec.format), /*written=*/true}});
  if (!isDense(spec.format)) {
    emitCodedFill(kernel, spec);
    return;
  }
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
