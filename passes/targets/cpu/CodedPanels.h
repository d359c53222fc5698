// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the blocks of panels of weights with codes (format/PanelBlocks.h) in kernels, and multiplies their
// codes with those of activations, exactly.
#pragma once

#include "format/PanelBlocks.h"
#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Isa.h"

namespace cria::cpu {

/// Floats that CodedPanels::expand() writes for a block: 16 for each scale, then for each minimum.
constexpr int64_t floatsOfBlock(const WeightFormatTraits &format, const PanelBlocks &blocks) {
  return blocks.groups * kLanes * (hasMinimums(format) ? 2 : 1);
}

/// Whether codes are multiplied as signed bytes: their products would not fit otherwise.
bool hasSignedCodes(const Isa &isa, const WeightFormatTraits &format);
/// What the codes of a format exceed, as kernels multiply them, the integers that they stand for.
int64_t zeroOfCodes(const Isa &isa, const WeightFormatTraits &format);

/// Code for the panels of one format. Vectors of codes have 64 bytes: four columns of 16 rows.
class CodedPanels {
public:
  static constexpr int64_t kSteps = 8; ///< of 4 columns, in a group of 32

  CodedPanels(Emitter &emitter, const Isa &isa, const WeightFormatTraits &format, int64_t columns,
              mlir::Value weight);

  const PanelBlocks &blocks() const { return blocks_; }
  /// Groups of 32 columns in a block.
  int64_t groupsOfBlock() const { return blocks_.block / PanelBlocks::kGroupColumns; }
  /// Runs of columns with a scale of their own in a group of 32: 1 or 2.
  int64_t runs() const { return format_.group < PanelBlocks::kGroupColumns ? 2 : 1; }
  bool hasMinimums() const { return cria::hasMinimums(format_); }
  /// What codes() exceed the integers that codes stand for by.
  int64_t zero() const { return zero_; }

  int64_t scratchOfBlock() const { return floatsOfBlock(format_, blocks_); }
  /// Writes the scales of a block, whose first byte is `block`, to scratch, then its negated minimums.
  void expand(Index block, mlir::Value scratch, Index at);
  /// What expand() wrote for run `run` of group `group` of the block.
  mlir::Value scale(mlir::Value scratch, Index at, Index group, int64_t run);
  mlir::Value negatedMinimum(mlir::Value scratch, Index at, Index group);

  /// The codes of a step of a group, ready for dot().
  mlir::Value codes(Index block, Index group, int64_t step);
  /// What the codes stand for, as signed bytes.
  mlir::Value integers(Index block, Index group, int64_t step);
  /// Adds to 16 sums the products of four codes each with those of an activation, four codes as an i32.
  mlir::Value dot(mlir::Value sums, mlir::Value codes, mlir::Value activations) const;
  /// Loads the lines of a block that is read later into the cache.
  void prefetchScales(Index block);
  void prefetchCodes(Index block, Index group);

private:
  mlir::Value floats(ElementType type, Index at);
  mlir::Value smallInteger(Index unit, int64_t group, int bits, bool isSigned);
  mlir::Value storedCodes(Index block, Index group, int64_t step);
  mlir::Value zeroPoints(Index block, Index group);
  mlir::Value field(Index first, int width, int64_t step);
  mlir::Value lookUp(mlir::Value codes, int added);
  mlir::Value halfDot(mlir::Value sums, mlir::Value codes, mlir::Value activations) const;
  mlir::VectorType bytes(int64_t lanes = PanelBlocks::kLineBytes) const {
    return e_.vectorOf(e_.getI8Type(), lanes);
  }
  Index runAt(Index at, Index group, int64_t run);

  Emitter &e_;
  const Isa &isa_;
  const WeightFormatTraits &format_;
  PanelBlocks blocks_;
  mlir::Value weight_;
  bool isSigned_;
  int64_t zero_;
};

} // namespace cria::cpu
