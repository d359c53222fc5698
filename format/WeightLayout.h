// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory layouts of weight matrices, for the packer, the kernels, the embedding look-up, the random
// fill and the tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cria {

/// Physical layouts of a logical matrix of `rows` x `columns` elements. A vector is a matrix of one row.
///
///   row_major   [rows, columns]
///               element (n, k) at n * columns + k
///   panel16     [ceil(rows / 64) * 4, columns, 16]
///               element (n, k) at (n / 16) * 16 * columns + k * 16 + n % 16; rows from `rows` on are zero.
///               A kernel that multiplies 64 rows at a time reads whole panels.
///   row_padded  [ceil(rows / 128) * 128, ceil(columns / 64) * 64]
///               element (n, k) at n * pitch + k; the rest is zero. Whole tiles of a GPU, with every row on a
///               128-byte boundary.
struct PhysicalLayout {
  enum class Kind : uint8_t { rowMajor = 0, panel16 = 1, rowPadded = 2 };
  static constexpr int64_t kPanelRows = 16;
  static constexpr int64_t kPanelRowMultiple = 64;
  static constexpr int64_t kTileRows = 128;
  static constexpr int64_t kTileColumns = 64;

  Kind kind = Kind::rowMajor;
  int64_t rows = 0, columns = 0;

  /// The number of rows in memory.
  constexpr int64_t paddedRows() const {
    switch (kind) {
    case Kind::rowMajor:
      return rows;
    case Kind::panel16:
      return roundUp(rows, kPanelRowMultiple);
    case Kind::rowPadded:
      return roundUp(rows, kTileRows);
    }
    __builtin_unreachable(); // not an enumerator
  }
  /// The number of columns in memory.
  constexpr int64_t paddedColumns() const {
    return kind == Kind::rowPadded ? roundUp(columns, kTileColumns) : columns;
  }
  /// The number of elements in memory, including padding.
  constexpr int64_t numElements() const { return paddedRows() * paddedColumns(); }

  /// The offset in elements of row `row`, column `column`.
  constexpr int64_t offsetOf(int64_t row, int64_t column) const {
    if (kind != Kind::panel16) {
      return row * paddedColumns() + column;
    }
    return row / kPanelRows * kPanelRows * columns + column * kPanelRows + row % kPanelRows;
  }

  /// The number of rows that are stored together: a block of so many rows that begins at a multiple of it
  /// is contiguous.
  constexpr int64_t rowsPerBlock() const { return kind == Kind::panel16 ? kPanelRows : 1; }
  /// The distance in elements between neighbors in a row.
  constexpr int64_t columnStride() const { return kind == Kind::panel16 ? kPanelRows : 1; }

  /// The physical shape: rank 3 for panel16, else 2.
  constexpr int64_t rank() const { return kind == Kind::panel16 ? 3 : 2; }
  constexpr std::array<int64_t, 3> physicalShape() const {
    if (kind != Kind::panel16) {
      return {paddedRows(), paddedColumns(), 1};
    }
    return {paddedRows() / kPanelRows, columns, kPanelRows};
  }

private:
  static constexpr int64_t roundUp(int64_t value, int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }
};

/// The layout of a weight of logical `shape`, which has rank 1 or 2.
constexpr PhysicalLayout layoutOf(PhysicalLayout::Kind kind, std::span<const int64_t> shape) {
  return {kind, shape.size() == 1 ? 1 : shape.front(), shape.back()};
}

/// The physical shape of a weight: the logical shape for row_major, otherwise that of the layout. Only
/// row_major supports vectors.
constexpr std::vector<int64_t> physicalShape(PhysicalLayout::Kind kind, std::span<const int64_t> shape) {
  if (kind == PhysicalLayout::Kind::rowMajor) {
    return {shape.begin(), shape.end()};
  }
  PhysicalLayout layout = layoutOf(kind, shape);
  auto physical = layout.physicalShape();
  return {physical.begin(), physical.begin() + layout.rank()};
}

/// The spelling in types, programs and file names: "row_major", "panel16", "row_padded".
constexpr std::string_view nameOf(PhysicalLayout::Kind kind) {
  switch (kind) {
  case PhysicalLayout::Kind::rowMajor:
    return "row_major";
  case PhysicalLayout::Kind::panel16:
    return "panel16";
  case PhysicalLayout::Kind::rowPadded:
    return "row_padded";
  }
  __builtin_unreachable(); // not an enumerator
}
constexpr std::optional<PhysicalLayout::Kind> layoutKindOf(std::string_view name) {
  for (auto kind :
       {PhysicalLayout::Kind::rowMajor, PhysicalLayout::Kind::panel16, PhysicalLayout::Kind::rowPadded}) {
    if (name == nameOf(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

} // namespace cria
