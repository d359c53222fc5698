// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers on panel16 weights. Every output is one chain of fused multiply-adds in ascending k that
// starts at 0, then the epilogue. Tiles, blocks and row counts only decide which chains run side by side, so
// no result depends on them.
#include "passes/targets/cpu/EmitterSupport.h"
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kPanels = 4;               // of a workgroup: four streams read memory faster than one
constexpr int64_t kGroup = kPanels * kLanes; // weight rows of a workgroup
constexpr int64_t kRowTile = 6;      // 6 × 4 accumulators, 4 weights and a broadcast fill 32 registers
constexpr int64_t kDepthBlock = 512; // 512 × 64 weights as f32 take 128 KiB of the L2 cache
constexpr int64_t kRowBlock = LinearSpec::kRowsPerWorkgroup;
constexpr int64_t kDirectRows = 12; // up to two tiles read the weights as they are stored
static_assert(kRowBlock % kRowTile == 0, "full tiles only, as long as there are rows");
constexpr int64_t kUnroll = 4;
constexpr int64_t kPrefetchBytes = 2048;
constexpr int64_t kLineBytes = 64;

class LinearEmitter {
public:
  LinearEmitter(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec)
      : e(kernel.emitter()), kernel(kernel), isa(isa), spec(spec), input(kernel.buffer("input")),
        weight(kernel.buffer("weight")), output(kernel.buffer("output")), scratch(kernel.scratch()),
        elementBytes(int64_t(sizeOf(spec.weight))) {}

  void emitSingleRow();
  void emitAllRows();

private:
  using Values = Emitter::Values;
  using LoadWeight = llvm::function_ref<Value(int64_t panel, Ix k)>;

  Ix panelStart(Ix panel) { return panel * (spec.inputs * kLanes); }
  Ix firstPanel() { return kernel.x() * kPanels; }
  // Scratch: the weights of one depth block, then partial sums, 64 per row.
  Ix partialStart(Ix row) { return row * kGroup + kDepthBlock * kGroup; }
  // Side by side where one step of k uses all panels; panel by panel where it uses one.
  Ix convertedAt(Ix panel, Ix k) {
    return isa.wide ? k * kGroup + panel * kLanes : panel * (kDepthBlock * kLanes) + k * kLanes;
  }
  int64_t panelsPerTile(int64_t rows);

  Values chains(Ix depth, int64_t rows, int64_t panels, ArrayRef<Value> init, Ix inputStart,
                LoadWeight loadWeight, llvm::function_ref<void(Ix, int64_t)> beforeStep);
  void tile(Ix depth, Ix row, int64_t rows, Ix panel, int64_t panels, Ix inputStart, LoadWeight loadWeight,
            llvm::function_ref<void(Ix, int64_t)> beforeStep);
  void forRowTiles(Ix rows, llvm::function_ref<void(Ix row, int64_t rows)> body);
  void prefetchPanels(Ix k, int64_t steps, Ix panel, int64_t panels);
  void clearPartials(Ix rows);
  void directTiles(Ix firstRow, Ix rows);
  void convertBlock(Ix start, Ix depth);
  void blockedTiles(Ix firstRow, Ix rows);
  void finishRows(Ix firstRow, Ix rows);
  void finish(ArrayRef<Value> sums, Ix row);
  void storeColumns(Value sum, Ix row, Ix column);

  Emitter &e;
  KernelFunction &kernel;
  const Isa &isa;
  const LinearSpec &spec;
  Value input, weight, output, scratch;
  int64_t elementBytes;
};

// As many panels as accumulators stay in registers; a power of two.
int64_t LinearEmitter::panelsPerTile(int64_t rows) {
  int64_t panels = kPanels;
  while (panels > 1 && panels * rows > isa.accumulators) {
    panels /= 2;
  }
  return panels;
}

// rows × panels chains over `depth` steps of k. Input row r starts at inputStart + r·stride.
LinearEmitter::Values LinearEmitter::chains(Ix depth, int64_t rows, int64_t panels, ArrayRef<Value> init,
                                            Ix inputStart, LoadWeight loadWeight,
                                            llvm::function_ref<void(Ix, int64_t)> beforeStep) {
  auto step = [&](Ix k, Values sums) {
    Values weights;
    for (int64_t p = 0; p < panels; ++p) {
      weights.push_back(loadWeight(p, k));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value x =
          e.broadcast(e.loadScalar(input, inputStart + k + r * strideOf(spec.inputStride, spec.inputs)));
      for (int64_t p = 0; p < panels; ++p) {
        Value &sum = sums[r * panels + p];
        sum = e.fma(x, weights[p], sum);
      }
    }
    return sums;
  };
  Ix unrolled = depth - depth % kUnroll;
  Values sums = e.loop(e.index(0), unrolled, kUnroll, init, [&](Ix k, ArrayRef<Value> carried) {
    if (beforeStep) {
      beforeStep(k, kUnroll);
    }
    Values sums(carried);
    for (int64_t u = 0; u < kUnroll; ++u) {
      sums = step(k + u, sums);
    }
    return sums;
  });
  return e.loop(unrolled, depth, 1, sums,
                [&](Ix k, ArrayRef<Value> carried) { return step(k, Values(carried)); });
}

// Continues the partial sums of rows × panels chains by `depth` steps.
void LinearEmitter::tile(Ix depth, Ix row, int64_t rows, Ix panel, int64_t panels, Ix inputStart,
                         LoadWeight loadWeight, llvm::function_ref<void(Ix, int64_t)> beforeStep) {
  auto at = [&](int64_t r, int64_t p) { return partialStart(row + r) + (panel + p) * kLanes; };
  Values sums;
  for (int64_t i = 0; i < rows * panels; ++i) {
    sums.push_back(e.load(scratch, at(i / panels, i % panels)));
  }
  sums = chains(depth, rows, panels, sums, inputStart, loadWeight, beforeStep);
  for (int64_t i = 0; i < rows * panels; ++i) {
    e.store(sums[i], scratch, at(i / panels, i % panels));
  }
}

// Full tiles in a loop, then one tile of what is left.
void LinearEmitter::forRowTiles(Ix rows, llvm::function_ref<void(Ix, int64_t)> body) {
  Ix full = rows - rows % kRowTile;
  e.forEach(e.index(0), full, kRowTile, [&](Ix row) { body(row, kRowTile); });
  e.switchUpTo(rows - full, kRowTile - 1, [&](int64_t rest) { body(full, rest); });
}

// One prefetch per cache line that `steps` steps of k consume, far enough ahead to cover the latency of
// memory.
void LinearEmitter::prefetchPanels(Ix k, int64_t steps, Ix panel, int64_t panels) {
  int64_t elementsPerLine = kLineBytes / elementBytes;
  for (int64_t p = 0; p < panels; ++p) {
    for (int64_t offset = 0; offset < steps * kLanes; offset += elementsPerLine) {
      e.prefetch(weight, panelStart(panel + p) + k * kLanes + (offset + kPrefetchBytes / elementBytes));
    }
  }
}

void LinearEmitter::clearPartials(Ix rows) {
  e.forEach(e.index(0), rows * kGroup, kLanes,
            [&](Ix at) { e.store(e.splat(0), scratch, at + kDepthBlock * kGroup); });
}

// Few rows: the weights are read straight from memory, widened at each use.
void LinearEmitter::directTiles(Ix firstRow, Ix rows) {
  forRowTiles(rows, [&](Ix row, int64_t tileRows) {
    int64_t panels = panelsPerTile(tileRows);
    e.forEach(e.index(0), e.index(kPanels), panels, [&](Ix panel) {
      Ix physical = firstPanel() + panel;
      auto load = [&](int64_t p, Ix k) { return e.load(weight, panelStart(physical + p) + k * kLanes); };
      auto ahead = [&](Ix k, int64_t steps) { prefetchPanels(k, steps, physical, panels); };
      tile(e.index(spec.inputs), row, tileRows, panel, panels,
           (firstRow + row) * strideOf(spec.inputStride, spec.inputs), load, ahead);
    });
  });
}

void LinearEmitter::convertBlock(Ix start, Ix depth) {
  e.forEach(e.index(0), depth, 1, [&](Ix k) {
    for (int64_t p = 0; p < kPanels; ++p) {
      Value row = e.load(weight, panelStart(firstPanel() + p) + (start + k) * kLanes);
      e.store(row, scratch, convertedAt(e.index(p), k));
    }
  });
}

// Many rows: a block of weights is widened once into scratch, then all row tiles run over it.
void LinearEmitter::blockedTiles(Ix firstRow, Ix rows) {
  int64_t stride = strideOf(spec.inputStride, spec.inputs);
  e.forEach(e.index(0), e.index(spec.inputs), kDepthBlock, [&](Ix start) {
    Ix depth = (e.index(spec.inputs) - start).min(kDepthBlock);
    convertBlock(start, depth);
    int64_t panels = panelsPerTile(kRowTile);
    e.forEach(e.index(0), e.index(kPanels), panels, [&](Ix panel) {
      forRowTiles(rows, [&](Ix row, int64_t tileRows) {
        auto load = [&](int64_t p, Ix k) { return e.load(scratch, convertedAt(panel + p, k)); };
        tile(depth, row, tileRows, panel, panels, (firstRow + row) * stride + start, load, nullptr);
      });
    });
  });
}

void LinearEmitter::finishRows(Ix firstRow, Ix rows) {
  e.forEach(e.index(0), rows, 1, [&](Ix row) {
    Values sums;
    for (int64_t p = 0; p < kPanels; ++p) {
      sums.push_back(e.load(scratch, partialStart(row) + p * kLanes));
    }
    finish(sums, firstRow + row);
  });
}

// The epilogue: activation, then residual, for the four complete sums of a row.
void LinearEmitter::finish(ArrayRef<Value> sums, Ix row) {
  if (spec.activation == Activation::none) {
    for (int64_t p = 0; p < kPanels; ++p) {
      storeColumns(sums[p], row, kernel.x() * kGroup + p * kLanes);
    }
    return;
  }
  for (int64_t pair = 0; pair < kPanels / 2; ++pair) {
    Value activated = e.mul(emitSilu(e, sums[2 * pair]), sums[2 * pair + 1]);
    storeColumns(activated, row, kernel.x() * (kGroup / 2) + pair * kLanes);
  }
}

void LinearEmitter::storeColumns(Value sum, Ix row, Ix column) {
  int64_t columnsPerGroup = spec.activation == Activation::none ? kGroup : kGroup / 2;
  bool ragged = spec.outputs % columnsPerGroup != 0;
  Value mask = ragged ? e.laneBelow(e.index(spec.outputs) - column) : Value();
  if (spec.residual) {
    Ix at = row * strideOf(spec.residualStride, spec.outputs) + column;
    Value residual = kernel.buffer("residual");
    sum = e.add(sum, ragged ? e.loadMasked(residual, at, mask) : e.load(residual, at));
  }
  Ix at = row * strideOf(spec.outputStride, spec.outputs) + column;
  ragged ? e.storeMasked(sum, output, at, mask) : e.store(sum, output, at);
}

void LinearEmitter::emitSingleRow() {
  Ix panel = firstPanel();
  Values zeros(kPanels, e.splat(0));
  Values sums = chains(
      e.index(spec.inputs), 1, kPanels, zeros, kernel.y() * strideOf(spec.inputStride, spec.inputs),
      [&](int64_t p, Ix k) { return e.load(weight, panelStart(panel + p) + k * kLanes); },
      [&](Ix k, int64_t steps) { prefetchPanels(k, steps, panel, kPanels); });
  finish(sums, kernel.y());
}

void LinearEmitter::emitAllRows() {
  Ix firstRow = kernel.y() * kRowBlock;
  Ix rows = (loadRowCount(kernel, spec.rows) - firstRow).min(kRowBlock);
  clearPartials(rows);
  e.ifThen(
      rows < e.index(kDirectRows + 1), [&] { directTiles(firstRow, rows); },
      [&] { blockedTiles(firstRow, rows); });
  finishRows(firstRow, rows);
}

} // namespace

int64_t LinearSpec::weightRows() const {
  return activation == Activation::none ? outputs : 2 * llvm::alignTo(outputs, kLanes);
}

std::string LinearSpec::name() const {
  std::string name = llvm::formatv("linear_k{0}_n{1}_{2}", inputs, outputs, nameOf(weight));
  name += activation == Activation::swiglu ? "_swiglu" : "";
  name += residual ? "_residual" : "";
  appendStride(name, "i", inputStride, inputs);
  appendStride(name, "r", residualStride, outputs);
  appendStride(name, "o", outputStride, outputs);
  return name + (singleRow ? "_row" : rows == RowCount::Tokens ? "_tokens" : "_outputs");
}

std::vector<std::string> LinearSpec::bindings() const {
  std::vector<std::string> names = {"input", "weight"};
  if (residual) {
    names.push_back("residual");
  }
  names.push_back("output");
  if (!singleRow) {
    names.push_back("step");
  }
  return names;
}

int64_t LinearSpec::scratchBytes() const {
  return singleRow ? 0 : (kDepthBlock + kRowBlock) * kGroup * int64_t(sizeof(float));
}

void emitLinear(ModuleOp kernels, const Isa &isa, const LinearSpec &spec) {
  OpBuilder types(kernels.getContext());
  SmallVector<Parameter> parameters = {{"input", types.getF32Type()},
                                       {"weight", mlirType(types.getContext(), spec.weight)}};
  if (spec.residual) {
    parameters.push_back({"residual", types.getF32Type()});
  }
  parameters.push_back({"output", types.getF32Type(), /*written=*/true});
  if (!spec.singleRow) {
    parameters.push_back({"step", types.getI32Type()});
  }
  KernelFunction kernel(kernels, spec.name(), parameters);
  LinearEmitter emitter(kernel, isa, spec);
  spec.singleRow ? emitter.emitSingleRow() : emitter.emitAllRows();
}

} // namespace cria::cpu
