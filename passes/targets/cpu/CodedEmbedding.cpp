// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Looks rows of a table with codes up. The value of a code is scale · integer − minimum, the product and the
// difference rounded to f32 each (format/WeightRow.h).
#include "passes/targets/cpu/CodedPanels.h"
#include "passes/targets/cpu/WeightKernels.h"

using namespace mlir;

namespace cria::cpu {
namespace {

class EmbeddingEmitter {
public:
  EmbeddingEmitter(KernelFunction &kernel, const Isa &isa, const EmbeddingSpec &spec)
      : e_(kernel.emitter()), spec_(spec),
        panels_(e_, isa, traitsOf(spec.table), spec.width, kernel.buffer("table")),
        scratch_(kernel.scratch()), output_(kernel.buffer("output")),
        out_(kernel.x() * strideOf(spec.outputStride, spec.width)),
        token_(e_.fromUnsigned(e_.loadScalar(kernel.buffer("tokens"), kernel.x()))) {}

  void emit();

private:
  void writeBlock(Index block, Index firstGroup, int64_t numGroups);
  void writeGroup(Index block, Index group, Index column, int64_t columns);
  Value lane(Value vector) { return e_.laneAt(vector, token_ % kLanes); }

  Emitter &e_;
  const EmbeddingSpec &spec_;
  CodedPanels panels_;
  Value scratch_, output_;
  Index out_, token_;
};

/// Writes the first `columns` of 32 columns of the row.
void EmbeddingEmitter::writeGroup(Index block, Index group, Index column, int64_t columns) {
  Index at = e_.index(0);
  Value minimum = panels_.hasMinimums() ? lane(panels_.negatedMinimum(scratch_, at, group)) : Value();
  SmallVector<Value> steps;
  for (int64_t step = 0; step < CodedPanels::kSteps; ++step) {
    steps.push_back(panels_.integers(block, group, step));
  }
  for (int64_t k = 0; k < columns; ++k) {
    const int64_t step = k / PanelBlocks::kStepColumns, byte = k % PanelBlocks::kStepColumns;
    Value scale = lane(panels_.scale(scratch_, at, group, k * panels_.runs() / PanelBlocks::kGroupColumns));
    Value four = lane(e_.bitcast(steps[size_t(step)], e_.vectorOf(e_.i32())));
    Value high = e_.shiftLeft(four, 24 - 8 * byte); // the byte is the highest
    Value integer = arith::ShRSIOp::create(e_, high, e_.intLike(high, 24));
    Value value = e_.mul(scale, e_.toFloat(integer));
    e_.storeScalar(minimum ? e_.add(value, minimum) : value, output_, out_ + column + k);
  }
}

void EmbeddingEmitter::writeBlock(Index block, Index firstGroup, int64_t numGroups) {
  panels_.expand(block, scratch_, e_.index(0));
  e_.forEach(e_.index(0), e_.index(numGroups), 1, [&](Index group) {
    writeGroup(block, group, (firstGroup + group) * PanelBlocks::kGroupColumns, PanelBlocks::kGroupColumns);
  });
}

void EmbeddingEmitter::emit() {
  const PanelBlocks &blocks = panels_.blocks();
  const int64_t groups = panels_.groupsOfBlock();
  Index panel = token_ / PanelBlocks::kRows * blocks.bytes();
  e_.forEach(e_.index(0), e_.index(blocks.fullBlocks()), 1,
             [&](Index block) { writeBlock(panel + block * blocks.blockBytes(), block * groups, groups); });
  const int64_t rest = spec_.width % blocks.block, whole = rest / PanelBlocks::kGroupColumns;
  if (rest == 0) {
    return;
  }
  Index last = panel + blocks.fullBlocks() * blocks.blockBytes();
  writeBlock(last, e_.index(blocks.fullBlocks() * groups), whole);
  if (rest % PanelBlocks::kGroupColumns != 0) {
    Index column = e_.index(blocks.fullBlocks() * blocks.block + whole * PanelBlocks::kGroupColumns);
    writeGroup(last, e_.index(whole), column, rest % PanelBlocks::kGroupColumns);
  }
}

} // namespace

int64_t codedEmbeddingScratch(const EmbeddingSpec &spec) {
  const WeightFormatTraits &format = traitsOf(spec.table);
  return floatsOfBlock(format, panelBlocks(format, spec.width)) * int64_t(sizeof(float));
}

void emitCodedEmbedding(KernelFunction &kernel, const Isa &isa, const EmbeddingSpec &spec) {
  EmbeddingEmitter(kernel, isa, spec).emit();
}

} // namespace cria::cpu
