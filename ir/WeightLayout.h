// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the elements of a weight matrix lie in memory: the one definition that the packer, the kernels, the
// embedding look-up, the random fill and the tests share. Plain C++, usable without MLIR.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

/// Physical arrangements of a logical matrix of `rows` x `columns` elements (a vector is a matrix of one
/// row).
///   row_major  [rows, columns]                     element (n, k) at n * columns + k
///   panel16    [ceil(rows / 64) * 4, columns, 16]  element (n, k) at (n / 16) * 16 * columns + k * 16 + n %
///   16;
///              rows from `rows` on are zero. A kernel that multiplies 64 rows at a time reads whole panels.
struct PhysicalLayout {
  enum class Kind : uint8_t { rowMajor, panel16 };
  static constexpr int64_t kPanelRows = 16;
  static constexpr int64_t kRowMultiple = 64;

  Kind kind = Kind::rowMajor;
  int64_t rows = 0, columns = 0;

  /// Rows that storage exists for.
  constexpr int64_t paddedRows() const {
    return kind == Kind::rowMajor ? rows : (rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
  }
  /// Elements of storage, padding included.
  constexpr int64_t numElements() const { return paddedRows() * columns; }

  /// The element index of row `row`, column `column`.
  constexpr int64_t offsetOf(int64_t row, int64_t column) const {
    if (kind == Kind::rowMajor) {
      return row * columns + column;
    }
    return row / kPanelRows * kPanelRows * columns + column * kPanelRows + row % kPanelRows;
  }

  /// Rows that lie together: blocks of so many rows, starting at a multiple of it, are contiguous in storage.
  constexpr int64_t rowsPerBlock() const { return kind == Kind::rowMajor ? 1 : kPanelRows; }
  /// Distance in elements between neighbours in a row.
  constexpr int64_t columnStride() const { return kind == Kind::rowMajor ? 1 : kPanelRows; }

  /// The physical shape: rank 2 for row_major, 3 for panel16.
  constexpr int64_t rank() const { return kind == Kind::rowMajor ? 2 : 3; }
  constexpr std::array<int64_t, 3> physicalShape() const {
    if (kind == Kind::rowMajor) {
      return {rows, columns, 1};
    }
    return {paddedRows() / kPanelRows, columns, kPanelRows};
  }
};

/// The spelling in types, programs and file names: "row_major", "panel16".
constexpr std::string_view nameOf(PhysicalLayout::Kind kind) {
  return kind == PhysicalLayout::Kind::rowMajor ? "row_major" : "panel16";
}
constexpr std::optional<PhysicalLayout::Kind> layoutKindOf(std::string_view name) {
  if (name == "row_major") {
    return PhysicalLayout::Kind::rowMajor;
  }
  return name == "panel16" ? std::optional(PhysicalLayout::Kind::panel16) : std::nullopt;
}

} // namespace cria
