// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers on weights with codes, in class int8 (format/ActivationProduct.h). Every output is one chain
// of fused multiply-adds over the exact sums of groups of columns, in ascending order; tiles and row counts
// only determine which chains are computed together.
#include "passes/targets/cpu/CodedPanels.h"
#include "passes/targets/cpu/LinearEpilogue.h"
#include "passes/targets/cpu/PackedRow.h"
#include "passes/targets/cpu/StepRows.h"
#include "passes/targets/cpu/WeightKernels.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace cria::cpu {
namespace {

constexpr int64_t kPair = 2; // panels that are multiplied together: two streams, or 32 columns of a tile
constexpr int64_t kUnpackPrefetch = 4096; // bytes ahead
constexpr int64_t kDirectPrefetch = 2048; // at least
constexpr int64_t kCodedRowBlock = 516;   // 86 tiles of 6: a panel is unpacked once for 512 rows
/// Up to so many tiles of rows, each unpacks the weights in registers: that takes less time than to store
/// them.
constexpr int64_t kDirectTiles = 4;
constexpr int64_t kWideTile = 6; // 6 × 2 sums of integers and 6 × 2 of floats leave 8 of 32 registers

class CodedLinearEmitter {
public:
  using Values = Emitter::Values;

  CodedLinearEmitter(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), isa_(isa), spec_(spec), format_(traitsOf(spec.weight)),
        isPowerOfTwo_(int8EncodingFor(format_) == Int8Encoding::a8p), row_{spec.inputs},
        panels_(e_, isa, format_, spec.inputs, kernel.buffer("weight")), input_(kernel.buffer("input")),
        scratch_(kernel.scratch()), epilogue_(kernel, spec) {}

  void emitSingleRow();
  void emitAllRows();

private:
  /// The weights of a group of columns for the panels of a pair: codes of 8 steps, and scales of its runs.
  struct Group {
    llvm::function_ref<Value(int64_t panel, int64_t step)> codes;
    llvm::function_ref<Value(int64_t panel, int64_t run)> scale;
    llvm::function_ref<Value(int64_t panel)> negatedMinimum;
  };

  /// The rows of a tile. Where a step has fewer, the last one is computed again, and not stored.
  struct Rows {
    SmallVector<Index> numbers;
    std::optional<Index> count; ///< rows to store: all without it
    int64_t size() const { return int64_t(numbers.size()); }
  };

  Index panelStart(Index panel) { return panel * panels_.blocks().bytes(); }
  Value word(Index row, int64_t plane, Index group) {
    return e_.loadScalar(input_, row * row_.words() + plane + group);
  }
  Value real(Value word) { return e_.bitcast(word, e_.f32()); }
  Value startOf(Index row, int64_t plane, Index group);
  Value addRun(Value sums, Value y, Value scale, Value scaleOfRow);
  Values addGroup(const Rows &rows, Index group, Values y, const Group &weights);
  Value finished(Value y, Index row);

  /// Blocks of the panels of a pair, and what to prefetch meanwhile.
  struct Blocks {
    SmallVector<Index> now, next;
  };

  // Few rows: weights are unpacked in registers.
  Index prefetchDistance(Index block);
  Blocks blocksAt(Index panel, Index block);
  Values addBlock(const Blocks &blocks, Index firstGroup, int64_t numGroups, const Rows &rows,
                  ArrayRef<Value> y);
  void directTile(const Rows &rows, Index panel);
  void directRest(Index first, Index rows);
  // Many rows: weights are unpacked to scratch, a part for each pair. Places are in floats.
  int64_t codesOfGroup() const { return CodedPanels::kSteps * kPair * kLanes; }
  int64_t scalesAt() const { return row_.groups() * codesOfGroup(); }
  int64_t scalesOfPanel() const;
  int64_t sizeOfPair() const { return scalesAt() + kPair * scalesOfPanel(); }
  Index scratchOf(Index pair) { return pair / kPair * sizeOfPair(); }
  void unpackPair(Index firstPanel, Index start);
  void unpackBlock(Index block, Index firstGroup, int64_t numGroups, Index codes, Index scales);
  void tile(const Rows &rows, Index panel, Index start);
  void finishTile(ArrayRef<Value> y, const Rows &rows, Index panel);
  Rows fullTile(Index first);
  Rows partialTile(Index first, Index left, int64_t size);
  int64_t tileRows() const { return isa_.wide ? kWideTile : 1; }
  /// Runs body(its number in the workgroup, first panel) for the pairs of panels of the workgroup.
  void forPairs(llvm::function_ref<void(Index pair, Index panel)> body) {
    e_.forEach(e_.index(0), e_.index(LinearSpec::kPanels), kPair,
               [&](Index pair) { body(pair, kernel_.x() * LinearSpec::kPanels + pair); });
  }

  Emitter &e_;
  KernelFunction &kernel_;
  const Isa &isa_;
  const LinearSpec &spec_;
  const WeightFormatTraits &format_;
  bool isPowerOfTwo_;
  PackedRow row_;
  CodedPanels panels_;
  Value input_, scratch_;
  LinearEpilogue epilogue_;
};

/// The sums before the first product.
Value CodedLinearEmitter::startOf(Index row, int64_t plane, Index group) {
  return panels_.zero() == 0 ? e_.splatInt(0) : e_.broadcast(word(row, plane, group));
}

Value CodedLinearEmitter::addRun(Value sums, Value y, Value scale, Value scaleOfRow) {
  Value products = e_.toFloat(sums);
  if (!isPowerOfTwo_) {
    return e_.fma(products, e_.mul(scale, e_.broadcast(real(scaleOfRow))), y);
  }
  Value bits = e_.addInt(e_.bitcast(products, e_.vectorOf(e_.i32())), e_.broadcast(scaleOfRow));
  return e_.fma(e_.bitcast(bits, e_.vectorOf(e_.f32())), scale, y);
}

/// Adds a group of columns to the sums y of rows × panels.
CodedLinearEmitter::Values CodedLinearEmitter::addGroup(const Rows &rows, Index group, Values y,
                                                        const Group &weights) {
  const int64_t runs = panels_.runs(), steps = CodedPanels::kSteps / runs;
  for (int64_t run = 0; run < runs; ++run) {
    Values sums;
    for (Index row : rows.numbers) {
      const int64_t plane = runs == 1 ? row_.starts() : row_.startsOfHalves(run);
      sums.append(size_t(kPair), startOf(row, plane, group));
    }
    for (int64_t step = run * steps; step < (run + 1) * steps; ++step) {
      Values codes;
      for (int64_t p = 0; p < kPair; ++p) {
        codes.push_back(weights.codes(p, step));
      }
      for (auto [r, row] : llvm::enumerate(rows.numbers)) {
        Value x = word(row, row_.codes() + step, group * PackedRow::kSteps);
        for (int64_t p = 0; p < kPair; ++p) {
          Value &sum = sums[r * kPair + p];
          sum = panels_.dot(sum, codes[p], x);
        }
      }
    }
    for (auto [r, row] : llvm::enumerate(rows.numbers)) {
      Value scaleOfRow = word(row, row_.scales(), group);
      for (int64_t p = 0; p < kPair; ++p) {
        Value &sum = y[r * kPair + p];
        sum = addRun(sums[r * kPair + p], sum, weights.scale(p, run), scaleOfRow);
      }
    }
  }
  for (int64_t r = 0; panels_.hasMinimums() && r < rows.size(); ++r) {
    Value scaled = e_.broadcast(real(word(rows.numbers[r], row_.scaledSums(), group)));
    for (int64_t p = 0; p < kPair; ++p) {
      Value &sum = y[r * kPair + p];
      sum = e_.fma(weights.negatedMinimum(p), scaled, sum);
    }
  }
  return y;
}

Value CodedLinearEmitter::finished(Value y, Index row) {
  return isPowerOfTwo_ ? e_.mul(y, e_.broadcast(real(word(row, row_.base(), e_.index(0))))) : y;
}

//===----------------------------------------------------------------------------------------------------===//
// Few rows
//===----------------------------------------------------------------------------------------------------===//

int64_t numBlocks(const PanelBlocks &blocks) {
  return blocks.fullBlocks() + (blocks.lastGroups() > 0 ? 1 : 0);
}

/// Each of the two streams goes on to the next pair, past the panel that the other one reads.
Index CodedLinearEmitter::prefetchDistance(Index block) {
  const PanelBlocks &blocks = panels_.blocks();
  const int64_t size = blocks.blockBytes(), count = numBlocks(blocks);
  const int64_t ahead = std::min(count, (kDirectPrefetch + size - 1) / size);
  const int64_t inNextPair = kPair * blocks.bytes() - count * size;
  return Index(e_, e_.select(block + ahead < e_.index(count), e_.index(ahead * size),
                             e_.index(ahead * size + inNextPair)));
}

CodedLinearEmitter::Blocks CodedLinearEmitter::blocksAt(Index panel, Index block) {
  Index distance = prefetchDistance(block);
  Blocks blocks;
  for (int64_t p = 0; p < kPair; ++p) {
    blocks.now.push_back(panelStart(panel + p) + block * panels_.blocks().blockBytes());
    blocks.next.push_back(blocks.now.back() + distance);
  }
  return blocks;
}

CodedLinearEmitter::Values CodedLinearEmitter::addBlock(const Blocks &blocks, Index firstGroup,
                                                        int64_t numGroups, const Rows &rows,
                                                        ArrayRef<Value> y) {
  const int64_t perPanel = panels_.scratchOfBlock();
  for (int64_t p = 0; p < kPair; ++p) {
    panels_.prefetchScales(blocks.next[p]);
    panels_.expand(blocks.now[p], scratch_, e_.index(p * perPanel));
  }
  return e_.loop(e_.index(0), e_.index(numGroups), 1, y, [&](Index group, ArrayRef<Value> carried) {
    for (Index block : blocks.next) {
      panels_.prefetchCodes(block, group);
    }
    auto codes = [&](int64_t p, int64_t step) { return panels_.codes(blocks.now[p], group, step); };
    auto scale = [&](int64_t p, int64_t run) {
      return panels_.scale(scratch_, e_.index(p * perPanel), group, run);
    };
    auto minimum = [&](int64_t p) { return panels_.negatedMinimum(scratch_, e_.index(p * perPanel), group); };
    return addGroup(rows, firstGroup + group, Values(carried), {codes, scale, minimum});
  });
}

/// rows × 2 panels, whose weights are unpacked in registers.
void CodedLinearEmitter::directTile(const Rows &rows, Index panel) {
  const PanelBlocks &blocks = panels_.blocks();
  const int64_t groups = panels_.groupsOfBlock();
  Values y(size_t(rows.size() * kPair), e_.splat(0));
  y = e_.loop(e_.index(0), e_.index(blocks.fullBlocks()), 1, y, [&](Index block, ArrayRef<Value> carried) {
    return addBlock(blocksAt(panel, block), block * groups, groups, rows, carried);
  });
  if (blocks.lastGroups() > 0) {
    Index block = e_.index(blocks.fullBlocks());
    y = addBlock(blocksAt(panel, block), block * groups, blocks.lastGroups(), rows, y);
  }
  finishTile(y, rows, panel);
}

void CodedLinearEmitter::finishTile(ArrayRef<Value> y, const Rows &rows, Index panel) {
  for (auto [r, row] : llvm::enumerate(rows.numbers)) {
    auto finish = [&, r = int64_t(r), row = row] {
      Values sums;
      for (int64_t p = 0; p < kPair; ++p) {
        sums.push_back(finished(y[r * kPair + p], row));
      }
      epilogue_.finish(sums, row, panel);
    };
    r > 0 && rows.count ? e_.ifThen(e_.index(int64_t(r)) < *rows.count, finish) : finish();
  }
}

CodedLinearEmitter::Rows CodedLinearEmitter::fullTile(Index first) {
  Rows rows;
  for (int64_t r = 0; r < tileRows(); ++r) {
    rows.numbers.push_back(first + r);
  }
  return rows;
}

/// A tile of `size` rows, of which the step has `left`.
CodedLinearEmitter::Rows CodedLinearEmitter::partialTile(Index first, Index left, int64_t size) {
  Rows rows{.numbers = {first}, .count = left};
  while (rows.size() < size) {
    rows.numbers.push_back(first + e_.index(rows.size()).min(left - 1));
  }
  return rows;
}

/// Fewer rows than a tile has.
void CodedLinearEmitter::directRest(Index first, Index rows) {
  auto tileOf = [&](int64_t size) {
    return [&, size] {
      forPairs([&](Index, Index panel) { directTile(partialTile(first, rows, size), panel); });
    };
  };
  e_.ifThen(e_.index(0) < rows, [&] {
    e_.ifThen(rows < e_.index(3), tileOf(2),
              [&] { e_.ifThen(rows < e_.index(5), tileOf(4), tileOf(kWideTile)); });
  });
}

void CodedLinearEmitter::emitSingleRow() {
  forPairs([&](Index, Index panel) { directTile({.numbers = {kernel_.y()}}, panel); });
}

//===----------------------------------------------------------------------------------------------------===//
// Many rows
//===----------------------------------------------------------------------------------------------------===//

int64_t CodedLinearEmitter::scalesOfPanel() const {
  return numBlocks(panels_.blocks()) * panels_.scratchOfBlock();
}

/// Scratch has the codes [group][step][panel][16 words], then the scales of the blocks of each panel.
void CodedLinearEmitter::unpackBlock(Index block, Index firstGroup, int64_t numGroups, Index start,
                                     Index scales) {
  panels_.prefetchScales(block + kUnpackPrefetch);
  panels_.expand(block, scratch_, scales);
  e_.forEach(e_.index(0), e_.index(numGroups), 1, [&](Index group) {
    panels_.prefetchCodes(block + kUnpackPrefetch, group);
    Index at = start + (firstGroup + group) * codesOfGroup();
    for (int64_t step = 0; step < CodedPanels::kSteps; ++step) {
      Value codes = panels_.codes(block, group, step);
      e_.store(e_.bitcast(codes, e_.vectorOf(e_.f32())), scratch_, at + step * kPair * kLanes);
    }
  });
}

void CodedLinearEmitter::unpackPair(Index firstPanel, Index start) {
  const PanelBlocks &blocks = panels_.blocks();
  const int64_t groups = panels_.groupsOfBlock(), scratchOfBlock = panels_.scratchOfBlock();
  for (int64_t p = 0; p < kPair; ++p) {
    Index first = panelStart(firstPanel + p), codes = start + p * kLanes,
          scales = start + (scalesAt() + p * scalesOfPanel());
    e_.forEach(e_.index(0), e_.index(blocks.fullBlocks()), 1, [&](Index block) {
      unpackBlock(first + block * blocks.blockBytes(), block * groups, groups, codes,
                  scales + block * scratchOfBlock);
    });
    if (blocks.lastGroups() > 0) {
      unpackBlock(first + blocks.fullBlocks() * blocks.blockBytes(), e_.index(blocks.fullBlocks() * groups),
                  blocks.lastGroups(), codes, scales + blocks.fullBlocks() * scratchOfBlock);
    }
  }
}

void CodedLinearEmitter::tile(const Rows &rows, Index panel, Index start) {
  const int64_t groups = panels_.groupsOfBlock(), scratchOfBlock = panels_.scratchOfBlock();
  Values y(size_t(rows.size() * kPair), e_.splat(0));
  y = e_.loop(e_.index(0), e_.index(row_.groups()), 1, y, [&](Index group, ArrayRef<Value> carried) {
    auto codes = [&](int64_t p, int64_t step) {
      Index at = start + group * codesOfGroup() + (step * kPair + p) * kLanes;
      return e_.bitcast(e_.load(scratch_, at), e_.vectorOf(e_.getI8Type(), 64));
    };
    auto blockAt = [&](int64_t p) {
      return start + group / groups * scratchOfBlock + (scalesAt() + p * scalesOfPanel());
    };
    auto scale = [&](int64_t p, int64_t run) {
      return panels_.scale(scratch_, blockAt(p), group % groups, run);
    };
    auto minimum = [&](int64_t p) { return panels_.negatedMinimum(scratch_, blockAt(p), group % groups); };
    return addGroup(rows, group, Values(carried), {codes, scale, minimum});
  });
  finishTile(y, rows, panel);
}

void CodedLinearEmitter::emitAllRows() {
  Index firstRow = kernel_.y() * kCodedRowBlock;
  Index rows = (loadRowCount(kernel_, spec_.rows) - firstRow).min(kCodedRowBlock);
  Index full = rows - rows % tileRows();
  auto forTiles = [&](llvm::function_ref<void(const Rows &, Index pair, Index panel)> body) {
    e_.forEach(e_.index(0), full, tileRows(), [&](Index row) {
      Rows tileOf = fullTile(firstRow + row);
      forPairs([&](Index pair, Index panel) { body(tileOf, pair, panel); });
    });
  };
  auto direct = [&] { forTiles([&](const Rows &tileOf, Index, Index panel) { directTile(tileOf, panel); }); };
  auto unpacked = [&] {
    forPairs([&](Index pair, Index panel) { unpackPair(panel, scratchOf(pair)); });
    forTiles([&](const Rows &tileOf, Index pair, Index panel) { tile(tileOf, panel, scratchOf(pair)); });
  };
  e_.ifThen(rows < e_.index(kDirectTiles * tileRows() + 1), direct, unpacked);
  if (tileRows() > 1) {
    directRest(firstRow + full, rows - full);
  }
}

} // namespace

int64_t codedLinearRows() { return kCodedRowBlock; }

int64_t codedLinearScratch(const LinearSpec &spec) {
  const WeightFormatTraits &format = traitsOf(spec.weight);
  const PanelBlocks blocks = panelBlocks(format, spec.inputs);
  const int64_t scalesOfBlock = floatsOfBlock(format, blocks);
  const int64_t codes = PackedRow{spec.inputs}.groups() * CodedPanels::kSteps * kLanes;
  const int64_t floats = spec.singleRow ? kPair * scalesOfBlock
                                        : LinearSpec::kPanels * (codes + numBlocks(blocks) * scalesOfBlock);
  return floats * int64_t(sizeof(float));
}

void emitCodedLinear(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec) {
  CodedLinearEmitter emitter(kernel, isa, spec);
  spec.singleRow ? emitter.emitSingleRow() : emitter.emitAllRows();
}

} // namespace cria::cpu
