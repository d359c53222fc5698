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
constexpr int64_t kCodedPrefetch = 4096;
constexpr int64_t kCodedRowBlock = 516; // 86 tiles of 6: a panel is unpacked once for 512 rows
constexpr int64_t kWideTile = 6;        // 6 × 2 sums of integers and 6 × 2 of floats leave 8 of 32 registers

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

  Index panelStart(Index panel) { return panel * panels_.blocks().bytes(); }
  Value word(Index row, int64_t plane, Index group) {
    return e_.loadScalar(input_, row * row_.words() + plane + group);
  }
  Value real(Value word) { return e_.bitcast(word, e_.f32()); }
  Value startOf(Index row, int64_t plane, Index group);
  Value addRun(Value sums, Value y, Value scale, Value scaleOfRow);
  Values addGroup(Index row, int64_t rows, Index group, int64_t numPanels, Values y, const Group &weights);
  Value finished(Value y, Index row);

  // One row: weights are unpacked in registers.
  Values addBlock(ArrayRef<Index> blocks, Index firstGroup, int64_t numGroups, Values y);
  // Many rows: weights are unpacked to scratch. Places are in floats.
  int64_t codesOfGroup() const { return CodedPanels::kSteps * kPair * kLanes; }
  int64_t scalesAt() const { return row_.groups() * codesOfGroup(); }
  int64_t scalesOfPanel() const;
  void unpackPair(Index firstPanel);
  void unpackBlock(Index block, Index firstGroup, int64_t numGroups, int64_t panel, Index scalesAt);
  void tile(Index row, int64_t rows, Index panel);

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
CodedLinearEmitter::Values CodedLinearEmitter::addGroup(Index row, int64_t rows, Index group,
                                                        int64_t numPanels, Values y, const Group &weights) {
  const int64_t runs = panels_.runs(), steps = CodedPanels::kSteps / runs;
  for (int64_t run = 0; run < runs; ++run) {
    Values sums;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t plane = runs == 1 ? row_.starts() : row_.startsOfHalves(run);
      sums.append(size_t(numPanels), startOf(row + r, plane, group));
    }
    for (int64_t step = run * steps; step < (run + 1) * steps; ++step) {
      Values codes;
      for (int64_t p = 0; p < numPanels; ++p) {
        codes.push_back(weights.codes(p, step));
      }
      for (int64_t r = 0; r < rows; ++r) {
        Value x = word(row + r, row_.codes() + step, group * PackedRow::kSteps);
        for (int64_t p = 0; p < numPanels; ++p) {
          Value &sum = sums[r * numPanels + p];
          sum = panels_.dot(sum, codes[p], x);
        }
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value scaleOfRow = word(row + r, row_.scales(), group);
      for (int64_t p = 0; p < numPanels; ++p) {
        Value &sum = y[r * numPanels + p];
        sum = addRun(sums[r * numPanels + p], sum, weights.scale(p, run), scaleOfRow);
      }
    }
  }
  for (int64_t r = 0; panels_.hasMinimums() && r < rows; ++r) {
    Value scaled = e_.broadcast(real(word(row + r, row_.scaledSums(), group)));
    for (int64_t p = 0; p < numPanels; ++p) {
      Value &sum = y[r * numPanels + p];
      sum = e_.fma(weights.negatedMinimum(p), scaled, sum);
    }
  }
  return y;
}

Value CodedLinearEmitter::finished(Value y, Index row) {
  return isPowerOfTwo_ ? e_.mul(y, e_.broadcast(real(word(row, row_.base(), e_.index(0))))) : y;
}

//===----------------------------------------------------------------------------------------------------===//
// One row
//===----------------------------------------------------------------------------------------------------===//

CodedLinearEmitter::Values CodedLinearEmitter::addBlock(ArrayRef<Index> blocks, Index firstGroup,
                                                        int64_t numGroups, Values y) {
  const int64_t perPanel = panels_.scratchOfBlock();
  for (int64_t p = 0; p < kPair; ++p) {
    panels_.prefetchScales(blocks[p], kCodedPrefetch);
    panels_.expand(blocks[p], scratch_, e_.index(p * perPanel));
  }
  return e_.loop(e_.index(0), e_.index(numGroups), 1, y, [&](Index group, ArrayRef<Value> carried) {
    SmallVector<Values> unpacked;
    for (int64_t p = 0; p < kPair; ++p) {
      panels_.prefetchCodes(blocks[p], group, kCodedPrefetch);
      unpacked.push_back(panels_.codes(blocks[p], group));
    }
    auto codes = [&](int64_t p, int64_t step) { return unpacked[p][step]; };
    auto scale = [&](int64_t p, int64_t run) {
      return panels_.scale(scratch_, e_.index(p * perPanel), group, run);
    };
    auto minimum = [&](int64_t p) { return panels_.negatedMinimum(scratch_, e_.index(p * perPanel), group); };
    return addGroup(kernel_.y(), 1, firstGroup + group, kPair, Values(carried), {codes, scale, minimum});
  });
}

void CodedLinearEmitter::emitSingleRow() {
  const PanelBlocks &blocks = panels_.blocks();
  e_.forEach(e_.index(0), e_.index(LinearSpec::kPanels), kPair, [&](Index pair) {
    Index panel = kernel_.x() * LinearSpec::kPanels + pair;
    auto blocksAt = [&](Index block) {
      return SmallVector<Index>{panelStart(panel) + block * blocks.blockBytes(),
                                panelStart(panel + 1) + block * blocks.blockBytes()};
    };
    Values y(kPair, e_.splat(0));
    y = e_.loop(e_.index(0), e_.index(blocks.fullBlocks()), 1, y, [&](Index block, ArrayRef<Value> carried) {
      const int64_t groups = panels_.groupsOfBlock();
      return addBlock(blocksAt(block), block * groups, groups, Values(carried));
    });
    if (blocks.lastGroups() > 0) {
      Index block = e_.index(blocks.fullBlocks());
      y = addBlock(blocksAt(block), block * panels_.groupsOfBlock(), blocks.lastGroups(), y);
    }
    for (Value &sum : y) {
      sum = finished(sum, kernel_.y());
    }
    epilogue_.finish(y, kernel_.y(), panel);
  });
}

//===----------------------------------------------------------------------------------------------------===//
// Many rows
//===----------------------------------------------------------------------------------------------------===//

int64_t numBlocks(const PanelBlocks &blocks) {
  return blocks.fullBlocks() + (blocks.lastGroups() > 0 ? 1 : 0);
}

int64_t CodedLinearEmitter::scalesOfPanel() const {
  return numBlocks(panels_.blocks()) * panels_.scratchOfBlock();
}

/// Scratch has the codes [group][step][panel][16 words], then the scales of the blocks of each panel.
void CodedLinearEmitter::unpackBlock(Index block, Index firstGroup, int64_t numGroups, int64_t panel,
                                     Index scales) {
  panels_.prefetchScales(block, kCodedPrefetch);
  panels_.expand(block, scratch_, scales);
  e_.forEach(e_.index(0), e_.index(numGroups), 1, [&](Index group) {
    panels_.prefetchCodes(block, group, kCodedPrefetch);
    Index at = (firstGroup + group) * codesOfGroup() + panel * kLanes;
    for (Value codes : panels_.codes(block, group)) {
      e_.store(e_.bitcast(codes, e_.vectorOf(e_.f32())), scratch_, at);
      at = at + kPair * kLanes;
    }
  });
}

void CodedLinearEmitter::unpackPair(Index firstPanel) {
  const PanelBlocks &blocks = panels_.blocks();
  const int64_t groups = panels_.groupsOfBlock(), scratchOfBlock = panels_.scratchOfBlock();
  for (int64_t p = 0; p < kPair; ++p) {
    Index start = panelStart(firstPanel + p), scales = e_.index(scalesAt() + p * scalesOfPanel());
    e_.forEach(e_.index(0), e_.index(blocks.fullBlocks()), 1, [&](Index block) {
      unpackBlock(start + block * blocks.blockBytes(), block * groups, groups, p,
                  scales + block * scratchOfBlock);
    });
    if (blocks.lastGroups() > 0) {
      unpackBlock(start + blocks.fullBlocks() * blocks.blockBytes(), e_.index(blocks.fullBlocks() * groups),
                  blocks.lastGroups(), p, scales + blocks.fullBlocks() * scratchOfBlock);
    }
  }
}

void CodedLinearEmitter::tile(Index row, int64_t rows, Index panel) {
  const int64_t groups = panels_.groupsOfBlock(), scratchOfBlock = panels_.scratchOfBlock();
  Values y(size_t(rows * kPair), e_.splat(0));
  y = e_.loop(e_.index(0), e_.index(row_.groups()), 1, y, [&](Index group, ArrayRef<Value> carried) {
    auto codes = [&](int64_t p, int64_t step) {
      Index at = group * codesOfGroup() + (step * kPair + p) * kLanes;
      return e_.bitcast(e_.load(scratch_, at), e_.vectorOf(e_.getI8Type(), 64));
    };
    auto blockAt = [&](int64_t p) {
      return group / groups * scratchOfBlock + (scalesAt() + p * scalesOfPanel());
    };
    auto scale = [&](int64_t p, int64_t run) {
      return panels_.scale(scratch_, blockAt(p), group % groups, run);
    };
    auto minimum = [&](int64_t p) { return panels_.negatedMinimum(scratch_, blockAt(p), group % groups); };
    return addGroup(row, rows, group, kPair, Values(carried), {codes, scale, minimum});
  });
  for (int64_t r = 0; r < rows; ++r) {
    Values sums;
    for (int64_t p = 0; p < kPair; ++p) {
      sums.push_back(finished(y[r * kPair + p], row + r));
    }
    epilogue_.finish(sums, row + r, panel);
  }
}

void CodedLinearEmitter::emitAllRows() {
  const int64_t tileRows = isa_.wide ? kWideTile : 1;
  Index firstRow = kernel_.y() * kCodedRowBlock;
  Index rows = (loadRowCount(kernel_, spec_.rows) - firstRow).min(kCodedRowBlock);
  e_.forEach(e_.index(0), e_.index(LinearSpec::kPanels), kPair, [&](Index pair) {
    Index panel = kernel_.x() * LinearSpec::kPanels + pair;
    unpackPair(panel);
    Index full = rows - rows % tileRows;
    e_.forEach(e_.index(0), full, tileRows, [&](Index row) { tile(firstRow + row, tileRows, panel); });
    if (tileRows > 1) {
      e_.switchUpTo(rows - full, tileRows - 1, [&](int64_t rest) { tile(firstRow + full, rest, panel); });
    }
  });
}

} // namespace

int64_t codedLinearRows() { return kCodedRowBlock; }

int64_t codedLinearScratch(const LinearSpec &spec) {
  const WeightFormatTraits &format = traitsOf(spec.weight);
  const PanelBlocks blocks = panelBlocks(format, spec.inputs);
  const int64_t scalesOfBlock = floatsOfBlock(format, blocks);
  const int64_t codes = PackedRow{spec.inputs}.groups() * CodedPanels::kSteps * kLanes;
  const int64_t floats =
      spec.singleRow ? kPair * scalesOfBlock : kPair * (codes + numBlocks(blocks) * scalesOfBlock);
  return floats * int64_t(sizeof(float));
}

void emitCodedLinear(KernelFunction &kernel, const Isa &isa, const LinearSpec &spec) {
  CodedLinearEmitter emitter(kernel, isa, spec);
  spec.singleRow ? emitter.emitSingleRow() : emitter.emitAllRows();
}

} // namespace cria::cpu
