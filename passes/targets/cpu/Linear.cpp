// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers on panel16 weights. Every output is one chain of fused multiply-adds in ascending k that
// starts at 0, then the epilogue. Tiles, blocks and row counts only determine which chains are computed
// together, so no result depends on them.
#include "passes/targets/cpu/Kernels.h"
#include "passes/targets/cpu/StepRows.h"
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

class LinearEmitter {
public:
  LinearEmitter(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), isa_(isa), spec_(spec), input_(kernel.buffer("input")),
        weight_(kernel.buffer("weight")), output_(kernel.buffer("output")), scratch_(kernel.scratch()),
        elementBytes_(int64_t(sizeOf(spec.weight))) {}

  void emitSingleRow();
  void emitAllRows();

private:
  using Values = Emitter::Values;
  using LoadWeight = llvm::function_ref<Value(int64_t panel, Index k)>;

  Index panelStart(Index panel) { return panel * (spec_.inputs * kLanes); }
  Index firstPanel() { return kernel_.x() * kPanels; }
  // Scratch: the weights of one depth block, then partial sums, 64 per row.
  Index partialStart(Index row) { return row * kGroup + kDepthBlock * kGroup; }
  // Interleaved if one step of k uses all panels, else panel by panel.
  Index convertedAt(Index panel, Index k) {
    return isa_.wide ? k * kGroup + panel * kLanes : panel * (kDepthBlock * kLanes) + k * kLanes;
  }
  int64_t panelsPerTile(int64_t rows);

  Values chains(Index depth, int64_t rows, int64_t panels, ArrayRef<Value> init, Index inputStart,
                LoadWeight loadWeight, llvm::function_ref<void(Index, int64_t)> beforeStep);
  void tile(Index depth, Index row, int64_t rows, Index panel, int64_t panels, Index inputStart,
            LoadWeight loadWeight, llvm::function_ref<void(Index, int64_t)> beforeStep);
  void forRowTiles(Index rows, llvm::function_ref<void(Index row, int64_t rows)> body);
  void prefetchPanels(Index k, int64_t steps, Index panel, int64_t panels);
  void clearPartials(Index rows);
  void directTiles(Index firstRow, Index rows);
  void convertBlock(Index start, Index depth);
  void blockedTiles(Index firstRow, Index rows);
  void finishRows(Index firstRow, Index rows);
  void finish(ArrayRef<Value> sums, Index row);
  void storeColumns(Value sum, Index row, Index column);

  Emitter &e_;
  KernelFunction &kernel_;
  const Isa &isa_;
  const LinearSpec &spec_;
  Value input_, weight_, output_, scratch_;
  int64_t elementBytes_;
};

/// The largest power of two of panels whose accumulators fit into registers.
int64_t LinearEmitter::panelsPerTile(int64_t rows) {
  int64_t panels = kPanels;
  while (panels > 1 && panels * rows > isa_.accumulators) {
    panels /= 2;
  }
  return panels;
}

/// rows × panels chains over `depth` steps of k. Input row r starts at inputStart + r·stride.
LinearEmitter::Values LinearEmitter::chains(Index depth, int64_t rows, int64_t panels, ArrayRef<Value> init,
                                            Index inputStart, LoadWeight loadWeight,
                                            llvm::function_ref<void(Index, int64_t)> beforeStep) {
  auto step = [&](Index k, Values sums) {
    Values weights;
    for (int64_t p = 0; p < panels; ++p) {
      weights.push_back(loadWeight(p, k));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value x =
          e_.broadcast(e_.loadScalar(input_, inputStart + k + r * strideOf(spec_.inputStride, spec_.inputs)));
      for (int64_t p = 0; p < panels; ++p) {
        Value &sum = sums[r * panels + p];
        sum = e_.fma(x, weights[p], sum);
      }
    }
    return sums;
  };
  Index unrolled = depth - depth % kUnroll;
  Values sums = e_.loop(e_.index(0), unrolled, kUnroll, init, [&](Index k, ArrayRef<Value> carried) {
    if (beforeStep) {
      beforeStep(k, kUnroll);
    }
    Values sums(carried);
    for (int64_t u = 0; u < kUnroll; ++u) {
      sums = step(k + u, sums);
    }
    return sums;
  });
  return e_.loop(unrolled, depth, 1, sums,
                 [&](Index k, ArrayRef<Value> carried) { return step(k, Values(carried)); });
}

/// Continues the partial sums of rows × panels chains by `depth` steps.
void LinearEmitter::tile(Index depth, Index row, int64_t rows, Index panel, int64_t panels, Index inputStart,
                         LoadWeight loadWeight, llvm::function_ref<void(Index, int64_t)> beforeStep) {
  auto at = [&](int64_t r, int64_t p) { return partialStart(row + r) + (panel + p) * kLanes; };
  Values sums;
  for (int64_t i = 0; i < rows * panels; ++i) {
    sums.push_back(e_.load(scratch_, at(i / panels, i % panels)));
  }
  sums = chains(depth, rows, panels, sums, inputStart, loadWeight, beforeStep);
  for (int64_t i = 0; i < rows * panels; ++i) {
    e_.store(sums[i], scratch_, at(i / panels, i % panels));
  }
}

/// A loop over full tiles, then one tile for the remaining rows.
void LinearEmitter::forRowTiles(Index rows, llvm::function_ref<void(Index, int64_t)> body) {
  Index full = rows - rows % kRowTile;
  e_.forEach(e_.index(0), full, kRowTile, [&](Index row) { body(row, kRowTile); });
  e_.switchUpTo(rows - full, kRowTile - 1, [&](int64_t rest) { body(full, rest); });
}

/// One prefetch per cache line that `steps` steps of k consume, far enough ahead to cover the latency of
/// memory.
void LinearEmitter::prefetchPanels(Index k, int64_t steps, Index panel, int64_t panels) {
  int64_t elementsPerLine = kLineBytes / elementBytes_;
  for (int64_t p = 0; p < panels; ++p) {
    for (int64_t offset = 0; offset < steps * kLanes; offset += elementsPerLine) {
      e_.prefetch(weight_, panelStart(panel + p) + k * kLanes + (offset + kPrefetchBytes / elementBytes_));
    }
  }
}

void LinearEmitter::clearPartials(Index rows) {
  e_.forEach(e_.index(0), rows * kGroup, kLanes,
             [&](Index at) { e_.store(e_.splat(0), scratch_, at + kDepthBlock * kGroup); });
}

/// Few rows: the weights are read straight from memory, widened at each use.
void LinearEmitter::directTiles(Index firstRow, Index rows) {
  forRowTiles(rows, [&](Index row, int64_t tileRows) {
    int64_t panels = panelsPerTile(tileRows);
    e_.forEach(e_.index(0), e_.index(kPanels), panels, [&](Index panel) {
      Index physical = firstPanel() + panel;
      auto load = [&](int64_t p, Index k) { return e_.load(weight_, panelStart(physical + p) + k * kLanes); };
      auto ahead = [&](Index k, int64_t steps) { prefetchPanels(k, steps, physical, panels); };
      tile(e_.index(spec_.inputs), row, tileRows, panel, panels,
           (firstRow + row) * strideOf(spec_.inputStride, spec_.inputs), load, ahead);
    });
  });
}

void LinearEmitter::convertBlock(Index start, Index depth) {
  e_.forEach(e_.index(0), depth, 1, [&](Index k) {
    for (int64_t p = 0; p < kPanels; ++p) {
      Value row = e_.load(weight_, panelStart(firstPanel() + p) + (start + k) * kLanes);
      e_.store(row, scratch_, convertedAt(e_.index(p), k));
    }
  });
}

/// Many rows: a block of weights is widened once into scratch, then multiplied with all row tiles.
void LinearEmitter::blockedTiles(Index firstRow, Index rows) {
  int64_t stride = strideOf(spec_.inputStride, spec_.inputs);
  e_.forEach(e_.index(0), e_.index(spec_.inputs), kDepthBlock, [&](Index start) {
    Index depth = (e_.index(spec_.inputs) - start).min(kDepthBlock);
    convertBlock(start, depth);
    int64_t panels = panelsPerTile(kRowTile);
    e_.forEach(e_.index(0), e_.index(kPanels), panels, [&](Index panel) {
      forRowTiles(rows, [&](Index row, int64_t tileRows) {
        auto load = [&](int64_t p, Index k) { return e_.load(scratch_, convertedAt(panel + p, k)); };
        tile(depth, row, tileRows, panel, panels, (firstRow + row) * stride + start, load, nullptr);
      });
    });
  });
}

void LinearEmitter::finishRows(Index firstRow, Index rows) {
  e_.forEach(e_.index(0), rows, 1, [&](Index row) {
    Values sums;
    for (int64_t p = 0; p < kPanels; ++p) {
      sums.push_back(e_.load(scratch_, partialStart(row) + p * kLanes));
    }
    finish(sums, firstRow + row);
  });
}

/// The epilogue: activation, then residual, for the four complete sums of a row.
void LinearEmitter::finish(ArrayRef<Value> sums, Index row) {
  switch (spec_.activation) {
  case llama::Activation::none:
    for (int64_t p = 0; p < kPanels; ++p) {
      storeColumns(sums[p], row, kernel_.x() * kGroup + p * kLanes);
    }
    break;
  case llama::Activation::swiglu:
    for (int64_t pair = 0; pair < kPanels / 2; ++pair) {
      Value activated = e_.mul(emitSilu(e_, sums[2 * pair]), sums[2 * pair + 1]);
      storeColumns(activated, row, kernel_.x() * (kGroup / 2) + pair * kLanes);
    }
    break;
  }
}

void LinearEmitter::storeColumns(Value sum, Index row, Index column) {
  int64_t columnsPerGroup = spec_.activation == llama::Activation::none ? kGroup : kGroup / 2;
  bool ragged = spec_.outputs % columnsPerGroup != 0;
  Value mask = ragged ? e_.laneBelow(e_.index(spec_.outputs) - column) : Value();
  if (spec_.residual) {
    Index at = row * strideOf(spec_.residualStride, spec_.outputs) + column;
    Value residual = kernel_.buffer("residual");
    sum = e_.add(sum, ragged ? e_.loadMasked(residual, at, mask) : e_.load(residual, at));
  }
  Index at = row * strideOf(spec_.outputStride, spec_.outputs) + column;
  ragged ? e_.storeMasked(sum, output_, at, mask) : e_.store(sum, output_, at);
}

void LinearEmitter::emitSingleRow() {
  Index panel = firstPanel();
  Values zeros(kPanels, e_.splat(0));
  Values sums = chains(
      e_.index(spec_.inputs), 1, kPanels, zeros, kernel_.y() * strideOf(spec_.inputStride, spec_.inputs),
      [&](int64_t p, Index k) { return e_.load(weight_, panelStart(panel + p) + k * kLanes); },
      [&](Index k, int64_t steps) { prefetchPanels(k, steps, panel, kPanels); });
  finish(sums, kernel_.y());
}

void LinearEmitter::emitAllRows() {
  Index firstRow = kernel_.y() * kRowBlock;
  Index rows = (loadRowCount(kernel_, spec_.rows) - firstRow).min(kRowBlock);
  clearPartials(rows);
  e_.ifThen(
      rows < e_.index(kDirectRows + 1), [&] { directTiles(firstRow, rows); },
      [&] { blockedTiles(firstRow, rows); });
  finishRows(firstRow, rows);
}

} // namespace

int64_t LinearSpec::weightRows() const {
  return activation == llama::Activation::none ? outputs : 2 * llvm::alignTo(outputs, kLanes);
}

std::string LinearSpec::name() const {
  std::string name = llvm::formatv("linear_k{0}_n{1}_{2}", inputs, outputs, nameOf(weight));
  appendActivation(name, activation);
  name += residual ? "_residual" : "";
  appendStride(name, "i", inputStride, inputs);
  appendStride(name, "r", residualStride, outputs);
  appendStride(name, "o", outputStride, outputs);
  if (singleRow) {
    return name + "_row";
  }
  appendRows(name, rows);
  return name;
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
  Type f32 = types.getF32Type();
  KernelFunction kernel(kernels, spec,
                        {{"input", f32},
                         {"weight", mlirType(types.getContext(), spec.weight)},
                         {"residual", f32},
                         {"output", f32, /*written=*/true},
                         {"step", types.getI32Type()}});
  LinearEmitter emitter(kernel, isa, spec);
  spec.singleRow ? emitter.emitSingleRow() : emitter.emitAllRows();
}

} // namespace cria::cpu
