// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/PanelBlocks.h"

#include "format/WeightRow.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cria {
namespace {

/// Where a code of 8 steps is: at byte `at` of lines of `lineBytes` bytes.
struct CodePlace {
  int64_t step, lineBytes, at;
};

/// Calls visit(byte, bit of the byte, bit of the code, width) for each field of a code.
template <typename Byte, typename Visit>
void visitFields(Byte *lines, int bits, const CodePlace &place, const Visit &visit) {
  int first = 0;
  for (const int field : codeFields(bits)) {
    if (field == 0) {
      return;
    }
    visit(lines[place.step % field * place.lineBytes + place.at], int(place.step) / field * field, first,
          (1u << field) - 1);
    lines += field * place.lineBytes;
    first += field;
  }
}

void putCode(std::byte *lines, int bits, const CodePlace &place, unsigned code) {
  visitFields(lines, bits, place, [&](std::byte &byte, int bit, int first, unsigned mask) {
    byte |= std::byte((code >> first & mask) << bit);
  });
}

unsigned getCode(const std::byte *lines, int bits, const CodePlace &place) {
  unsigned code = 0;
  visitFields(lines, bits, place, [&](std::byte byte, int bit, int first, unsigned mask) {
    code |= (unsigned(byte) >> bit & mask) << first;
  });
  return code;
}

/// One row of a panel and the same row encoded; `Byte` is const on the side that is read.
template <typename PanelByte> class PanelRow {
public:
  PanelRow(const WeightFormatTraits &format, const PanelBlocks &blocks, PanelByte *panel, int64_t index,
           const RowPlanes &row)
      : format_(format), blocks_(blocks), panel_(panel), index_(index), row_(row) {}

  /// Calls visit(element of the panel, element of the row, bytes) for each scale and minimum.
  template <typename Visit> void visitFloats(const Visit &visit) const {
    const bool isTwoLevel = format_.scale == ScaleKind::twoLevel;
    const int64_t perBlock = isTwoLevel ? 1 : blocks_.groups, span = blocks_.block / perBlock;
    for (int64_t at = 0; at * span < blocks_.columns; ++at) {
      PanelByte *block = blockOf(at * span);
      const int64_t lane = at % perBlock * PanelBlocks::kRows + index_;
      const auto size = int64_t(sizeOf(format_.scaleType)), half = int64_t(sizeOf(ElementType::f16));
      visit(block + blocks_.scales + lane * size, row_.scales + at * size, size_t(size));
      if (row_.minimums != nullptr) {
        visit(block + blocks_.minimums + lane * half, row_.minimums + at * half, size_t(half));
      }
    }
  }

  /// Calls visit(byte of the panel, byte of the row) for each zero point.
  template <typename Visit> void visitZeros(const Visit &visit) const {
    for (int64_t group = 0; row_.zeros != nullptr && group * format_.group < blocks_.columns; ++group) {
      const int64_t lane = group % blocks_.groups * PanelBlocks::kRows + index_;
      visit(blockOf(group * format_.group)[blocks_.zeros + lane], row_.zeros[group]);
    }
  }

  /// Calls visit(lines of the panel, bits, place, element of the row, what is added) for each small integer.
  template <typename Visit> void visitIntegers(const Visit &visit) const {
    if (row_.subScales == nullptr) {
      return;
    }
    const unsigned added = format_.hasSignedSubScales ? 1u << (format_.subScaleBits - 1) : 0;
    for (int64_t group = 0; group * format_.group < blocks_.columns; ++group) {
      PanelByte *block = blockOf(group * format_.group);
      const int64_t unit = group % blocks_.groups / PanelBlocks::kUnitGroups * PanelBlocks::kRows;
      const CodePlace place{group % PanelBlocks::kUnitGroups, PanelBlocks::kRows, index_};
      const int bits = format_.subScaleBits, minimumBits = format_.subMinimumBits;
      visit(block + blocks_.subScales + unit * bits, bits, place, row_.subScales[group], added);
      if (row_.subMinimums != nullptr) {
        visit(block + blocks_.subMinimums + unit * minimumBits, minimumBits, place, row_.subMinimums[group],
              0u);
      }
    }
  }

  /// Calls visit(lines of the panel, place, column) for each column.
  template <typename Visit> void visitCodes(const Visit &visit) const {
    for (int64_t column = 0; column < blocks_.columns; ++column) {
      PanelByte *group = blockOf(column) + blocks_.codes +
                         column % blocks_.block / PanelBlocks::kGroupColumns * blocks_.groupBytes;
      const int64_t inGroup = column % PanelBlocks::kGroupColumns;
      visit(group,
            CodePlace{inGroup / PanelBlocks::kStepColumns, PanelBlocks::kLineBytes,
                      index_ * PanelBlocks::kStepColumns + inGroup % PanelBlocks::kStepColumns},
            size_t(column));
    }
  }

private:
  PanelByte *blockOf(int64_t column) const { return panel_ + column / blocks_.block * blocks_.blockBytes(); }

  const WeightFormatTraits &format_;
  const PanelBlocks &blocks_;
  PanelByte *panel_;
  int64_t index_;
  const RowPlanes &row_;
};

unsigned addedToCodes(const WeightFormatTraits &format) { return hasSignedCodes(format) ? 128 : 0; }

} // namespace

void packPanel(const WeightFormatTraits &format, int64_t columns, std::span<const std::byte> rows,
               std::span<std::byte> panel) {
  const PanelBlocks blocks = panelBlocks(format, columns);
  const uint64_t size = rowBytes(format, columns);
  std::vector<uint8_t> codes(static_cast<size_t>(columns));
  std::fill(panel.begin(), panel.end(), std::byte(0));
  for (int64_t index = 0; uint64_t(index) * size < rows.size(); ++index) {
    const RowPlanes planes =
        planesOf(format, const_cast<std::byte *>(rows.data()) + uint64_t(index) * size, codes.size());
    const PanelRow<std::byte> row(format, blocks, panel.data(), index, planes);
    row.visitFloats([](std::byte *to, const std::byte *from, size_t bytes) { std::memcpy(to, from, bytes); });
    row.visitZeros([](std::byte &to, std::byte from) { to = from; });
    row.visitIntegers([](std::byte *lines, int bits, const CodePlace &place, std::byte from, unsigned added) {
      putCode(lines, bits, place, (unsigned(from) + added) & ((1u << bits) - 1));
    });
    loadCodes(format, planes.codes, 0, codes);
    row.visitCodes([&](std::byte *lines, const CodePlace &place, size_t column) {
      putCode(lines, format.bits, place, codes[column] ^ addedToCodes(format));
    });
  }
}

void unpackPanelRow(const WeightFormatTraits &format, int64_t columns, std::span<const std::byte> panel,
                    int64_t index, std::span<std::byte> row) {
  const PanelBlocks blocks = panelBlocks(format, columns);
  std::vector<uint8_t> codes(static_cast<size_t>(columns));
  const RowPlanes planes = planesOf(format, row.data(), codes.size());
  const PanelRow<const std::byte> from(format, blocks, panel.data(), index, planes);
  from.visitFloats([](const std::byte *at, std::byte *to, size_t bytes) { std::memcpy(to, at, bytes); });
  from.visitZeros([](std::byte at, std::byte &to) { to = at; });
  from.visitIntegers([](const std::byte *lines, int bits, const CodePlace &place, std::byte &to,
                        unsigned added) { to = std::byte(getCode(lines, bits, place) - added); });
  from.visitCodes([&](const std::byte *lines, const CodePlace &place, size_t column) {
    codes[column] = uint8_t(getCode(lines, format.bits, place) ^ addedToCodes(format));
  });
  storeCodes(format, planes.codes, 0, codes);
}

} // namespace cria
