// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that compute one row per block: norm and packing, elementwise operations, table look-up.
#include "passes/targets/cuda/StepRows.h"
#include "passes/targets/cuda/WeightRow.h"

using namespace mlir;

namespace cria::cuda {

using Values = DeviceEmitter::Values;

static void forColumns(DeviceEmitter &e, int64_t width, int64_t threads,
                       llvm::function_ref<void(Index)> body) {
  e.forEach(e.threadId(), e.constant(width), threads, body);
}

//===----------------------------------------------------------------------------------------------------===//
// RMSNorm and packing
//===----------------------------------------------------------------------------------------------------===//

Values FloatRow::columns(DeviceEmitter &e, Index first, int64_t count, bool isLast) const {
  Values result;
  if (isAligned && (!isLast || width % count == 0)) {
    for (int64_t part = 0; part < count; part += kFourFloats) {
      Value four = e.load(at, first + part, kFourFloats);
      for (int64_t j = 0; j < kFourFloats; ++j) {
        result.push_back(e.lane(four, j));
      }
    }
    return result;
  }
  for (int64_t j = 0; j < count; ++j) {
    Index column = first + j;
    Value x = e.load(at, isLast ? column.min(width - 1) : column);
    result.push_back(isLast ? e.select(column < width, x, e.floatConst(0)) : x);
  }
  return result;
}

namespace {
/// The sum of the squares of a thread's columns.
class SquareSum {
public:
  SquareSum(DeviceEmitter &e, const FloatRow &row, int64_t threads)
      : e_(e), row_(row), columnsPerRound_(threads * kFourFloats) {}

  Value emit() {
    int64_t rounds = row_.width / columnsPerRound_;
    int64_t groups = rounds > kRoundsInFlight ? rounds / kRoundsInFlight : 0;
    Value sum = e_.floatConst(0);
    if (groups > 0) {
      sum = e_.loop(e_.constant(0), e_.constant(groups), 1, {sum}, [&](Index group, ArrayRef<Value> carried) {
        return Values{addRounds(group * kRoundsInFlight, kRoundsInFlight, carried[0])};
      })[0];
    }
    int64_t done = groups * kRoundsInFlight;
    sum = addRounds(e_.constant(done), rounds - done, sum);
    return row_.width % columnsPerRound_ == 0 ? sum : addLast(rounds, sum);
  }

private:
  static constexpr int64_t kRoundsInFlight = 8; ///< whose loads are issued before the first sum

  Index firstColumn(Index round) { return round * columnsPerRound_ + e_.threadId() * kFourFloats; }

  Value addRounds(Index first, int64_t count, Value sum) {
    Values loaded;
    for (int64_t i = 0; i < count; ++i) {
      llvm::append_range(loaded, row_.columns(e_, firstColumn(first + i), kFourFloats, /*isLast=*/false));
    }
    return addSquares(loaded, sum);
  }

  Value addLast(int64_t round, Value sum) {
    Index first = firstColumn(e_.constant(round));
    return e_.ifElse(
        first < row_.width,
        [&] { return Values{addSquares(row_.columns(e_, first, kFourFloats, /*isLast=*/true), sum)}; },
        [&] { return Values{sum}; })[0];
  }

  Value addSquares(ArrayRef<Value> columns, Value sum) {
    for (Value x : columns) {
      sum = e_.fma(x, x, sum);
    }
    return sum;
  }

  DeviceEmitter &e_;
  const FloatRow &row_;
  int64_t columnsPerRound_;
};
} // namespace

Value emitInverseRms(DeviceEmitter &e, const FloatRow &row, float epsilon, int64_t threads, Pointer scratch) {
  Value sum = SquareSum(e, row, threads).emit();
  sum = e.sumOverLanes(sum);
  e.ifThen(e.laneId() == 0, [&] { e.store(sum, scratch, e.warpId()); });
  e.barrier();
  Value total = e.load(scratch, e.constant(0));
  for (int64_t warp = 1; warp < threads / kWarp; ++warp) {
    total = e.add(total, e.load(scratch, e.constant(warp)));
  }
  Value mean = e.mul(total, e.floatConst(1.0 / double(row.width)));
  return e.rsqrt(e.add(mean, e.floatConst(epsilon)));
}

std::string PackSpec::name() const {
  std::string name = llvm::formatv("{0}_d{1}", norm ? "rms_norm" : "pack", width);
  name += norm ? "_e" + floatTag(epsilon) : "";
  name += ("_" + std::string(nameOf(output)));
  appendStride(name, "w", outputWidth, width);
  appendStride(name, "i", inputStride, width);
  appendStride(name, "o", outputStride, strideOf(outputWidth, width));
  return name;
}

std::vector<std::string> PackSpec::bindings() const {
  return norm ? std::vector<std::string>{"input", "weight", "output"}
              : std::vector<std::string>{"input", "output"};
}

void emitPack(ModuleOp kernels, const PackSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32},
                         {"weight", f32},
                         {"output", mlirType(types.getContext(), spec.output), /*written=*/true}},
                        kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  int64_t outputWidth = strideOf(spec.outputWidth, spec.width);
  Pointer input = e.at(kernel.buffer("input"), e.blockId(0) * strideOf(spec.inputStride, spec.width));
  Pointer output = e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, outputWidth));
  Value factor;
  if (spec.norm) {
    FloatRow row{input, spec.width, strideOf(spec.inputStride, spec.width) % kFourFloats == 0};
    factor = emitInverseRms(e, row, spec.epsilon, kRowThreads, e.shared(0, f32));
  }
  forColumns(e, spec.width, kRowThreads, [&](Index column) {
    Value x = e.load(input, column);
    if (spec.norm) {
      x = e.mul(e.mul(x, factor), e.load(kernel.buffer("weight"), column));
    }
    e.storeFloat(x, output, column);
  });
  e.forEach(e.threadId() + spec.width, e.constant(outputWidth), kRowThreads,
            [&](Index column) { e.storeFloat(e.floatConst(0), output, column); });
}

//===----------------------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------------------===//

/// One element of the result; a unary operation has no `rhs`.
static Value emitElement(DeviceEmitter &e, ElementwiseSpec::Kind kind, Value lhs, Value rhs) {
  switch (kind) {
  case ElementwiseSpec::Kind::silu:
    return e.silu(lhs);
  case ElementwiseSpec::Kind::mul:
    return e.mul(lhs, rhs);
  case ElementwiseSpec::Kind::add:
    return e.add(lhs, rhs);
  }
  llvm_unreachable("not an enumerator");
}

void emitElementwise(ModuleOp kernels, const ElementwiseSpec &spec) {
  Type f32 = Float32Type::get(kernels.getContext());
  bool unary = spec.isUnary();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32}, {"lhs", f32}, {"rhs", f32}, {"output", f32, /*written=*/true}},
                        kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  auto row = [&](llvm::StringRef name, int64_t stride) {
    return e.at(kernel.buffer(name), e.blockId(0) * strideOf(stride, spec.width));
  };
  Pointer lhs = row(unary ? "input" : "lhs", spec.lhsStride), output = row("output", spec.outputStride);
  Pointer rhs = unary ? lhs : row("rhs", spec.rhsStride);
  forColumns(e, spec.width, kRowThreads, [&](Index column) {
    Value a = e.load(lhs, column), b = unary ? Value() : e.load(rhs, column);
    e.store(emitElement(e, spec.kind, a, b), output, column);
  });
}

//===----------------------------------------------------------------------------------------------------===//
// Look-up
//===----------------------------------------------------------------------------------------------------===//

std::string LookupSpec::name() const {
  std::string name = llvm::formatv("lookup_d{0}_{1}", width, nameOf(table));
  appendStride(name, "i", tableStride, width);
  appendStride(name, "o", outputStride, width);
  return name;
}

std::vector<std::string> LookupSpec::bindings() const {
  std::vector<std::string> names = {"rows"};
  llvm::append_range(names, weightBindings("table", traitsOf(table)));
  names.push_back("output");
  return names;
}

static void lookUpDense(KernelFunction &kernel, const LookupSpec &spec, Index row, Pointer to) {
  DeviceEmitter &e = kernel.emitter();
  Pointer from = e.atFar(kernel.buffer("table"), row, spec.tableStride);
  forColumns(e, spec.width, kRowThreads,
             [&](Index column) { e.store(e.loadFloat(from, column), to, column); });
}

/// A thread decodes a chunk.
static void lookUpCoded(KernelFunction &kernel, const LookupSpec &spec, Index row, Pointer to) {
  DeviceEmitter &e = kernel.emitter();
  const WeightFormatTraits &format = traitsOf(spec.table);
  WeightRow table(kernel, "table", format, spec.width, row);
  const int64_t columns = WeightRow::chunkOf(format);
  e.forEach(e.threadId() * columns, e.constant(spec.width), kRowThreads * columns, [&](Index first) {
    Values chunk = table.load(first);
    for (int64_t i = 0; i < columns; i += WeightRow::kPart) {
      for (auto [j, value] : llvm::enumerate(table.values(chunk, i / WeightRow::kPart))) {
        Index column = first + (i + int64_t(j));
        auto store = [&] { e.store(value, to, column); };
        spec.width % columns == 0 ? store() : e.ifThen(column < spec.width, store);
      }
    }
  });
}

void emitLookup(ModuleOp kernels, const LookupSpec &spec) {
  OpBuilder types(kernels.getContext());
  const WeightFormatTraits &format = traitsOf(spec.table);
  const std::vector<std::string> table = weightBindings("table", format);
  SmallVector<KernelParameter> parameters = {{"rows", types.getI32Type()},
                                             {"output", types.getF32Type(), /*written=*/true}};
  llvm::append_range(parameters, weightParameters(types.getContext(), table, format));
  KernelFunction kernel(kernels, spec, parameters, kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  Index row = e.loadInt(kernel.buffer("rows"), e.blockId(0));
  Pointer to = e.at(kernel.buffer("output"), e.blockId(0) * strideOf(spec.outputStride, spec.width));
  isDense(format) ? lookUpDense(kernel, spec, row, to) : lookUpCoded(kernel, spec, row, to);
}

} // namespace cria::cuda
