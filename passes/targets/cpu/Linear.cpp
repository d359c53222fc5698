// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers on panel16 weights. Every output is one chain of fused multiply-adds that starts at 0, in the
// order of DensePanels, then the epilogue. Tiles, blocks and row counts only determine which chains are
// computed together, so no result depends on them.
#include "passes/targets/cpu/DensePanels.h"
#include "passes/targets/cpu/LinearEpilogue.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/WeightKernels.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kPanels = LinearSpec::kPanels; // four streams read memory faster than one
constexpr int64_t kGroup = kPanels * kLanes;     // weight rows of a workgroup
constexpr int64_t kRowTile = 6;      // 6 × 4 accumulators, 4 weights and a broadcast fill 32 registers
constexpr int64_t kDepthBlock = 512; // 512 vectors of 4 panels take 128 KiB of the L2 cache
/// 43 tiles of 6: two blocks for 512 rows, and few enough that partial sums fit into the L2 cache together
/// with the weights.
constexpr int64_t kRowBlock = 258;
constexpr int64_t kDirectRows = 12; // up to two tiles read the weights as they are stored
static_assert(kRowBlock % kRowTile == 0, "full tiles only, as long as there are rows");
constexpr int64_t kUnroll = 4;

class LinearEmitter {
public:
  LinearEmitter(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), isa_(isa), spec_(spec),
        panels_(e_, isa, spec, kernel.buffer("weight")), input_(kernel.buffer("input")),
        scratch_(kernel.scratch()), epilogue_(kernel, spec) {}

  void emitSingleRow();
  void emitAllRows();

private:
  using Values = Emitter::Values;
  using LoadWeight = llvm::function_ref<Value(int64_t panel, Index k)>;

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
  void prefetchPanels(Index k, int64_t steps, Index panel, int64_t panels) {
    for (int64_t p = 0; p < panels; ++p) {
      panels_.prefetch(panel + p, k, steps);
    }
  }
  int64_t inputStride() const { return strideOf(spec_.inputStride, spec_.inputs); }
  void clearPartials(Index rows);
  void directTiles(Index firstRow, Index rows);
  void convertBlock(Index start, Index depth);
  void blockedTiles(Index firstRow, Index rows);
  void finishRows(Index firstRow, Index rows);

  Emitter &e_;
  KernelFunction &kernel_;
  const Isa &isa_;
  const LinearSpec &spec_;
  DensePanels panels_;
  Value input_, scratch_;
  LinearEpilogue epilogue_;
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
      Value x = e_.broadcast(e_.loadScalar(input_, inputStart + k + r * inputStride()));
      for (int64_t p = 0; p < panels; ++p) {
        Value &sum = sums[r * panels + p];
        sum = panels_.multiply(x, weights[p], sum);
      }
    }
    return sums;
  };
  auto steps = [&](Index k, int64_t count, Values sums) {
    for (int64_t i = 0; i < count; ++i) {
      sums = step(k + panels_.inOrderOfChains(i), sums);
    }
    return sums;
  };
  Index unrolled = depth - depth % kUnroll;
  Values sums = e_.loop(e_.index(0), unrolled, kUnroll, init, [&](Index k, ArrayRef<Value> carried) {
    if (beforeStep) {
      beforeStep(k, kUnroll);
    }
    return steps(k, kUnroll, Values(carried));
  });
  const int64_t group = panels_.vectorsOfGroup();
  return e_.loop(unrolled, depth, group, sums,
                 [&](Index k, ArrayRef<Value> carried) { return steps(k, group, Values(carried)); });
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
      auto load = [&](int64_t p, Index k) { return panels_.load(physical + p, k); };
      auto ahead = [&](Index k, int64_t steps) { prefetchPanels(k, steps, physical, panels); };
      tile(e_.index(panels_.vectors()), row, tileRows, panel, panels, (firstRow + row) * inputStride(), load,
           ahead);
    });
  });
}

void LinearEmitter::convertBlock(Index start, Index depth) {
  e_.forEach(e_.index(0), depth, 1, [&](Index k) {
    for (int64_t p = 0; p < kPanels; ++p) {
      e_.store(panels_.load(firstPanel() + p, start + k), scratch_, convertedAt(e_.index(p), k));
    }
  });
}

/// Many rows: a block of weights is widened once into scratch, then multiplied with all row tiles.
void LinearEmitter::blockedTiles(Index firstRow, Index rows) {
  int64_t stride = inputStride();
  e_.forEach(e_.index(0), e_.index(panels_.vectors()), kDepthBlock, [&](Index start) {
    Index depth = (e_.index(panels_.vectors()) - start).min(kDepthBlock);
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
    epilogue_.finish(sums, firstRow + row, firstPanel());
  });
}

void LinearEmitter::emitSingleRow() {
  Index panel = firstPanel();
  Values zeros(kPanels, e_.splat(0));
  Values sums = chains(
      e_.index(panels_.vectors()), 1, kPanels, zeros, kernel_.y() * inputStride(),
      [&](int64_t p, Index k) { return panels_.load(panel + p, k); },
      [&](Index k, int64_t steps) { prefetchPanels(k, steps, panel, kPanels); });
  epilogue_.finish(sums, kernel_.y(), panel);
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

int64_t denseLinearRows() { return kRowBlock; }

int64_t denseLinearScratch() { return (kDepthBlock + kRowBlock) * kGroup * int64_t(sizeof(float)); }

void emitDenseLinear(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec) {
  LinearEmitter emitter(kernel, isa, spec);
  spec.singleRow ? emitter.emitSingleRow() : emitter.emitAllRows();
}

} // namespace cria::cpu
