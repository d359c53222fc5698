// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout panel16 of weights with codes: 16 rows, a panel, are stored together, so that the 16 lanes of a
// vector compute 16 outputs. Packer, kernels and tests take all places from here.
//
// A panel is a sequence of blocks of columns. A block has its scales first, then its codes. The codes of 32
// columns are `bits` lines of 64 bytes. Four columns of 16 rows are a step: byte 4·n + k%4 of row n. The bits
// of a code are divided into fields of 8, 4, 2 and 1 bits, the lowest field first: a code of 6 bits has a
// field of 4 and one of 2. A field of f bits takes f lines; step j of the 8 is in line j%f, at bit f·⌊j/f⌋ of
// each byte. Codes of 8 bits that stand for signed values are stored with 128 added, so all codes are
// unsigned.
//
// A zero point of 16 rows is 16 bytes, byte n of row n. Small integers of two-level scales are stored as
// codes are, with a group in place of a step and 16 bytes in place of 64, byte n of row n. Signed ones
// have 2^(bits − 1) added.
//
// The last block of a row may be shorter, in multiples of 32 columns; its scales take as much as those of
// the others. Padding is zero.
#pragma once

#include "format/WeightFormat.h"

#include <array>
#include <span>

namespace cria {

/// The fields of a code, from its lowest bit; 0: no more.
constexpr std::array<int, 3> codeFields(int bits) {
  std::array<int, 3> fields = {};
  for (int field = 8, count = 0; field > 0; field /= 2) {
    if (bits >= field) {
      fields[size_t(count++)] = field;
      bits -= field;
    }
  }
  return fields;
}

/// The blocks of a panel.
struct PanelBlocks {
  static constexpr int64_t kRows = 16;
  static constexpr int64_t kLineBytes = 64;
  static constexpr int64_t kStepColumns = 4, kGroupColumns = 32; ///< of a step, and of 8 steps
  static constexpr int64_t kUnitGroups = 8; ///< groups whose small integers are stored together

  int64_t columns = 0;     ///< of the row
  int64_t block = 0;       ///< columns of a block
  int64_t groups = 0;      ///< scales of a block
  int64_t scales = 0;      ///< places in a block: f16, bf16 or f32, one for each row
  int64_t minimums = 0;    ///< f16
  int64_t zeros = 0;       ///< u8
  int64_t subScales = 0;   ///< small integers
  int64_t subMinimums = 0; ///< small integers
  int64_t codes = 0;       ///< codes, which is also the size of what precedes them
  int64_t groupBytes = 0;  ///< codes of 32 columns

  constexpr int64_t blockBytes() const { return codes + block / kGroupColumns * groupBytes; }
  constexpr int64_t fullBlocks() const { return columns / block; }
  /// Groups of 32 columns of the last block, if it is shorter.
  constexpr int64_t lastGroups() const { return (columns % block + kGroupColumns - 1) / kGroupColumns; }
  /// The size of a panel.
  constexpr int64_t bytes() const {
    return fullBlocks() * blockBytes() + (lastGroups() == 0 ? 0 : codes + lastGroups() * groupBytes);
  }
};

/// Returns whether weights of the format can be in panels. Differences of codes and zero points fit into a
/// byte, and one zero point serves 32 columns.
constexpr bool hasPanelBlocks(const WeightFormatTraits &format) {
  return !isDense(format) && (format.offset == OffsetKind::zeroPoint
                                  ? format.group >= PanelBlocks::kGroupColumns && format.bits <= 6
                                  : format.group >= 16);
}

/// The blocks of rows with `columns` columns. REQUIRES: hasPanelBlocks(format)
constexpr PanelBlocks panelBlocks(const WeightFormatTraits &format, int64_t columns) {
  const bool isTwoLevel = format.scale == ScaleKind::twoLevel;
  PanelBlocks blocks{.columns = columns};
  blocks.block = isTwoLevel ? kSuperGroup : format.group > 64 ? format.group : 64;
  blocks.groups = blocks.block / format.group;
  const int64_t outer = isTwoLevel ? 1 : blocks.groups; // scales that are floating-point numbers
  const auto units = [&](int bits) {
    return (blocks.groups + PanelBlocks::kUnitGroups - 1) / PanelBlocks::kUnitGroups * bits *
           PanelBlocks::kRows;
  };
  blocks.subMinimums = isTwoLevel ? units(format.subScaleBits) : 0;
  blocks.scales = blocks.subMinimums + (isTwoLevel ? units(format.subMinimumBits) : 0);
  blocks.minimums = blocks.scales + outer * PanelBlocks::kRows * int64_t(sizeOf(format.scaleType));
  blocks.zeros = blocks.minimums +
                 (hasMinimums(format) ? outer * PanelBlocks::kRows * int64_t(sizeOf(ElementType::f16)) : 0);
  const bool hasZeros = format.offset == OffsetKind::zeroPoint;
  const int64_t end = blocks.zeros + (hasZeros ? blocks.groups * PanelBlocks::kRows : 0);
  blocks.codes = (end + PanelBlocks::kLineBytes - 1) / PanelBlocks::kLineBytes * PanelBlocks::kLineBytes;
  blocks.groupBytes = format.bits * PanelBlocks::kLineBytes;
  return blocks;
}

/// Writes a panel. rows: at most 16 encoded rows of `columns` columns, one after the other; the other rows of
/// the panel are zero. panel: bytes() bytes, overwritten. REQUIRES: hasPanelBlocks(format)
void packPanel(const WeightFormatTraits &format, int64_t columns, std::span<const std::byte> rows,
               std::span<std::byte> panel);
/// Writes row `index` of a panel as an encoded row: what packPanel() was given.
void unpackPanelRow(const WeightFormatTraits &format, int64_t columns, std::span<const std::byte> panel,
                    int64_t index, std::span<std::byte> row);

} // namespace cria
