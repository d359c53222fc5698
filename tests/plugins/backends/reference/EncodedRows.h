// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of a weight, encoded by the codec of the compiler, as the operands of an op.
#pragma once

#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "format/WeightRow.h"
#include "tools/cria-plugin-test/RandomCalls.h"

namespace cria::conformance {

struct EncodedRows {
  const WeightFormatTraits &format;
  uint64_t numRows, columns;
  std::vector<std::byte> bytes;

  uint64_t rowSize() const { return rowBytes(format, static_cast<int64_t>(columns)); }
  std::byte *row(uint64_t n) { return bytes.data() + n * rowSize(); }
};

/// Encodes random values from −1.5 to 2.5.
inline EncodedRows encodeRandom(Random &random, const WeightFormatTraits &format, uint64_t numRows,
                                uint64_t columns) {
  EncodedRows rows{format, numRows, columns, {}};
  rows.bytes.resize(numRows * rows.rowSize());
  std::vector<float> values(columns);
  for (uint64_t n = 0; n < numRows; ++n) {
    for (float &value : values) {
      value = static_cast<float>(random.between(0, 2000)) / 500 - 1.5f;
    }
    encodeRow(format, values, rows.row(n));
  }
  return rows;
}

/// The decoded values, row by row.
inline std::vector<double> decodeAll(EncodedRows &rows) {
  std::vector<double> values;
  std::vector<float> row(rows.columns);
  for (uint64_t n = 0; n < rows.numRows; ++n) {
    decodeRow(rows.format, rows.row(n), row);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

/// A plane, which begins `offset` bytes after the start of each row, as a matrix.
inline View planeView(EncodedRows &rows, const WeightPlane &plane, uint64_t offset, uint64_t columns) {
  std::vector<double> elements;
  for (uint64_t n = 0; n < rows.numRows; ++n) {
    for (uint64_t i = 0; i < columns; ++i) {
      const std::byte *row = rows.row(n) + offset;
      const auto byte = uint8_t(row[i]);
      elements.push_back(plane.type == ElementType::u8   ? byte
                         : plane.type == ElementType::i8 ? int8_t(byte)
                                                         : double{loadFloat(plane.type, row, i)});
    }
  }
  return denseView(static_cast<uint32_t>(plane.type), {rows.numRows, columns}, elements);
}

/// Adds the operands of the weight and the attribute `format`.
inline void bindWeight(OpCall &call, EncodedRows &rows) {
  uint64_t offset = 0;
  for (const WeightPlane &plane : planesOf(rows.format)) {
    const auto columns = static_cast<uint64_t>(plane.elementsOf(static_cast<int64_t>(rows.columns)));
    call.arguments.push_back({arrayName("weight", plane.suffix), planeView(rows, plane, offset, columns)});
    offset += columns * sizeOf(plane.type);
  }
  call.attributes.push_back(textAttribute("format", std::string(rows.format.name)));
}

} // namespace cria::conformance
