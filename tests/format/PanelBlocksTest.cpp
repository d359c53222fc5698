// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Panels of weights with codes: places against what is written for them by hand, and rows of every format
// that come back as they were.
#include "format/PanelBlocks.h"
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "format/WeightRow.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace cria;

namespace {

using Bytes = std::vector<std::byte>;

/// Random encoded rows, one after the other; values of one row in 8 are zero.
Bytes randomRows(const WeightFormatTraits &format, int64_t count, int64_t columns, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.1f, 1);
  const uint64_t size = rowBytes(format, columns);
  Bytes rows(uint64_t(count) * size);
  std::vector<float> values(size_t(columns), 0.0f);
  for (int64_t row = 0; row < count; ++row) {
    for (float &value : values) {
      value = row % 8 == 7 ? 0 : normal(random);
    }
    encodeRow(format, values, rows.data() + uint64_t(row) * size);
  }
  return rows;
}

Bytes panelOf(const WeightFormatTraits &format, int64_t columns, const Bytes &rows) {
  Bytes panel(size_t(panelBlocks(format, columns).bytes()), std::byte(0xEE));
  packPanel(format, columns, rows, panel);
  return panel;
}

constexpr WeightFormatTraits kSixBits{.name = "six",
                                      .map = CodeMap::linear,
                                      .bits = 6,
                                      .zero = 32,
                                      .group = 128,
                                      .scale = ScaleKind::perGroup,
                                      .scaleType = ElementType::f32};

std::vector<WeightFormatTraits> formatsInPanels() {
  std::vector<WeightFormatTraits> formats(kWeightFormats.begin(), kWeightFormats.end());
  std::erase_if(formats, [](const WeightFormatTraits &format) { return !hasPanelBlocks(format); });
  formats.push_back(kSixBits);
  return formats;
}

TEST(PanelBlocks, KeepRowsOfEveryFormat) {
  for (const WeightFormatTraits &format : formatsInPanels()) {
    for (const int64_t columns : {1, 16, 31, 32, 48, 64, 100, 256, 288, 352, 576, 1000}) {
      for (const int64_t count : {1, 7, 16}) {
        const Bytes rows = randomRows(format, count, columns, uint32_t(columns + count));
        const Bytes panel = panelOf(format, columns, rows);
        const uint64_t size = rowBytes(format, columns);
        for (int64_t row = 0; row < count; ++row) {
          Bytes again(size, std::byte(0xEE));
          unpackPanelRow(format, columns, panel, row, again);
          const Bytes expected(rows.begin() + row * int64_t(size), rows.begin() + (row + 1) * int64_t(size));
          ASSERT_EQ(again, expected) << format.name << ", " << columns << " columns, row " << row;
        }
      }
    }
  }
}

// In bytes, for a block of 16 rows and for whole rows.
TEST(PanelBlocks, HaveTheSizesOfTheirParts) {
  const auto bytesOf = [](WeightFormat format, int64_t columns) {
    return panelBlocks(traitsOf(format), columns).bytes();
  };
  EXPECT_EQ(bytesOf(WeightFormat::q8_0, 64), 1088);
  EXPECT_EQ(bytesOf(WeightFormat::q4_0, 64), 576);
  EXPECT_EQ(bytesOf(WeightFormat::q4_1, 64), 640);
  EXPECT_EQ(bytesOf(WeightFormat::q5_0, 64), 704);
  EXPECT_EQ(bytesOf(WeightFormat::iq4_xs, 256), 2176);
  EXPECT_EQ(bytesOf(WeightFormat::q4_k, 256), 2304);
  EXPECT_EQ(bytesOf(WeightFormat::q5_k, 256), 2816);
  EXPECT_EQ(bytesOf(WeightFormat::q6_k, 256), 3392);
  EXPECT_EQ(bytesOf(WeightFormat::q4h, 256), 2304);
  EXPECT_EQ(bytesOf(WeightFormat::iq4_xs, 5632), 22 * 2176);
  EXPECT_EQ(bytesOf(WeightFormat::iq4_xs, 288), 2176 + 128 + 256); // a short block of one group
  EXPECT_EQ(bytesOf(WeightFormat::q4_0, 352), 5 * 576 + 64 + 256);
  EXPECT_EQ(bytesOf(WeightFormat::q8_0, 1), 64 + 512);
}

/// The panel of 16 rows whose codes are all zero but one, which has all bits.
Bytes panelWithOneCode(const WeightFormatTraits &format, int64_t columns, int64_t row, int64_t column) {
  const uint64_t size = rowBytes(format, columns);
  Bytes rows(16 * size);
  std::vector<uint8_t> codes(size_t(columns), 0);
  codes[size_t(column)] = uint8_t((1u << format.bits) - 1);
  storeCodes(format, planesOf(format, rows.data() + uint64_t(row) * size, codes.size()).codes, 0, codes);
  return panelOf(format, columns, rows);
}

// Column 53 is in group 1 of 32, step 5 of it, and is byte 1 of its step; row 3 begins at byte 12.
TEST(PanelBlocks, PlaceCodesInFields) {
  const auto at = [](const Bytes &panel, size_t place) { return int(panel[place]); };
  const Bytes four = panelWithOneCode(traitsOf(WeightFormat::q4_0), 64, 3, 53);
  EXPECT_EQ(at(four, 64 + 256 + (5 % 4) * 64 + 13), 0xF0);
  const Bytes five = panelWithOneCode(traitsOf(WeightFormat::q5_0), 64, 3, 53);
  EXPECT_EQ(at(five, 64 + 320 + (5 % 4) * 64 + 13), 0xF0);
  EXPECT_EQ(at(five, 64 + 320 + 256 + 13), 1 << 5);
  const Bytes six = panelWithOneCode(traitsOf(WeightFormat::q6_k), 256, 3, 53);
  EXPECT_EQ(at(six, 320 + 384 + (5 % 4) * 64 + 13), 0xF0);
  EXPECT_EQ(at(six, 320 + 384 + 256 + (5 % 2) * 64 + 13), 3 << 2 * (5 / 2));
  const Bytes eight = panelWithOneCode(traitsOf(WeightFormat::q8_0), 64, 3, 53);
  EXPECT_EQ(at(eight, 64 + 512 + 5 * 64 + 13), 0xFF ^ 0x80);
  EXPECT_EQ(at(eight, 64 + 512 + 5 * 64 + 14), 0x80); // 0
}

// Scale 5 of an iq4_xs block: 21 is stored as 53, 5 of it in the high bits of line 1, 3 in line 1 of the
// pairs.
TEST(PanelBlocks, PlaceSmallIntegersInFields) {
  const WeightFormatTraits &format = traitsOf(WeightFormat::iq4_xs);
  Bytes row(rowBytes(format, 256));
  planesOf(format, row.data(), 256).subScales[5] = std::byte(21);
  const Bytes panel = panelOf(format, 256, row);
  EXPECT_EQ(int(panel[16]), (53 & 15) << 4);
  EXPECT_EQ(int(panel[64 + 16]),
            (2 << 0 | 2 << 2 | 3 << 4 | 2 << 6)); // with groups 1, 3 and 7, which have 32
}

} // namespace
