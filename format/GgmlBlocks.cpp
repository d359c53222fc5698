// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layouts follow ggml-common.h and the dequantizers of ggml-quants.c in llama.cpp.
#include "format/GgmlBlocks.h"

#include "format/WeightRow.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace cria {
namespace {

/// Small integers in the bytes of a block from `offset` on. `run` bytes hold run · 8 / bits integers: byte i
/// has the integers i, i + run, i + 2 · run, ..., beginning with its lowest bits. The next run follows.
struct Field {
  size_t offset = 0, bits = 0, run = 1;

  size_t shift(size_t index) const { return index % (run * (8 / bits)) / run * bits; }
  size_t byte(size_t index) const {
    const size_t perRun = run * (8 / bits);
    return offset + index / perRun * run + index % perRun % run;
  }
  unsigned load(const std::byte *block, size_t index) const {
    return bits == 0 ? 0 : unsigned(block[byte(index)]) >> shift(index) & ((1u << bits) - 1);
  }
  void store(std::byte *block, size_t index, unsigned value) const { // into bits that are 0
    if (bits != 0) {
      block[byte(index)] |= std::byte((value & ((1u << bits) - 1)) << shift(index));
    }
  }
};

/// An integer whose upper bits lie elsewhere. `bias` is subtracted from what is stored.
struct Integers {
  Field low, high = {};
  int bias = 0;

  int load(const std::byte *block, size_t index) const {
    return int(low.load(block, index) | high.load(block, index) << low.bits) - bias;
  }
  void store(std::byte *block, size_t index, int value) const {
    low.store(block, index, unsigned(value + bias));
    high.store(block, index, unsigned(value + bias) >> low.bits);
  }
};

struct Layout {
  WeightFormat format;
  GgmlBlock block;
  size_t scale;
  size_t minimum; // 0: none
  Integers codes;
  Integers subScales = {};
};

/// q4_k and q5_k have the 6 bits of 8 scales and 8 minimums in 12 bytes from here on; see SixBits.
constexpr size_t kSixBits = 4;

constexpr Layout kLayouts[] = {
    {WeightFormat::q8_0, {32, 34}, 0, 0, {{2, 8}}},
    {WeightFormat::q4_0, {32, 18}, 0, 0, {{2, 4, 16}}},
    {WeightFormat::q4_1, {32, 20}, 0, 2, {{4, 4, 16}}},
    {WeightFormat::q5_0, {32, 22}, 0, 0, {{6, 4, 16}, {2, 1}}},
    {WeightFormat::q5_1, {32, 24}, 0, 2, {{8, 4, 16}, {4, 1}}},
    {WeightFormat::iq4_nl, {32, 18}, 0, 0, {{2, 4, 16}}},
    {WeightFormat::q3_k, {256, 110}, 108, 0, {{32, 2, 32}, {0, 1, 32}}, {{96, 4, 8}, {104, 2, 4}, 32}},
    {WeightFormat::q4_k, {256, 144}, 0, 2, {{16, 4, 32}}},
    {WeightFormat::q5_k, {256, 176}, 0, 2, {{48, 4, 32}, {16, 1, 32}}},
    {WeightFormat::q6_k, {256, 210}, 208, 0, {{0, 4, 64}, {128, 2, 32}}, {{192, 8}}},
    {WeightFormat::iq4_xs, {256, 136}, 0, 0, {{8, 4, 16}}, {{4, 4}, {2, 2}, 32}},
};

const Layout *layoutOf(WeightFormat format) {
  const auto found = std::ranges::find(kLayouts, format, &Layout::format);
  return found == std::end(kLayouts) ? nullptr : found;
}

/// 16 integers of 6 bits, 8 scales and 8 minimums. The first four of each lie in the lower 6 bits of bytes 0
/// to 3 and 4 to 7, whose upper bits hold those of the other four; bytes 8 to 11 hold the lower 4 bits of
/// these.
struct SixBits {
  static unsigned load(const std::byte *bytes, size_t i, bool isMinimum) {
    const size_t own = i % 4 + (isMinimum ? 4 : 0);
    return i < 4 ? unsigned(bytes[own]) & 63
                 : (unsigned(bytes[i + 4]) >> (isMinimum ? 4 : 0) & 15) | unsigned(bytes[own]) >> 6 << 4;
  }
  static void store(std::byte *bytes, size_t i, bool isMinimum, unsigned value) { // into bits that are 0
    const size_t own = i % 4 + (isMinimum ? 4 : 0);
    bytes[own] |= std::byte(i < 4 ? value : value >> 4 << 6);
    if (i >= 4) {
      bytes[i + 4] |= std::byte((value & 15) << (isMinimum ? 4 : 0));
    }
  }
};

void readBlock(const Layout &layout, const std::byte *block, const RowPlanes &row, size_t index) {
  const WeightFormatTraits &format = traitsOf(layout.format);
  std::array<uint8_t, 256> codes;
  for (size_t i = 0; i < layout.block.columns; ++i) {
    codes[i] = uint8_t(layout.codes.load(block, i));
  }
  const size_t first = index * layout.block.columns;
  storeCodes(format, row.codes, first, std::span(codes).first(layout.block.columns));
  std::memcpy(row.scales + index * 2, block + layout.scale, 2);
  if (layout.minimum != 0) {
    std::memcpy(row.minimums + index * 2, block + layout.minimum, 2);
  }
  const size_t groups = layout.block.columns / size_t(format.group);
  for (size_t i = 0, group = index * groups; row.subScales != nullptr && i < groups; ++i, ++group) {
    row.subScales[group] =
        std::byte(row.subMinimums == nullptr ? layout.subScales.load(block, i)
                                             : int(SixBits::load(block + kSixBits, i, false)));
    if (row.subMinimums != nullptr) {
      row.subMinimums[group] = std::byte(SixBits::load(block + kSixBits, i, true));
    }
  }
}

void writeBlock(const Layout &layout, const RowPlanes &row, size_t index, std::byte *block) {
  const WeightFormatTraits &format = traitsOf(layout.format);
  std::fill_n(block, layout.block.bytes, std::byte(0));
  std::array<uint8_t, 256> codes;
  loadCodes(format, row.codes, index * layout.block.columns, std::span(codes).first(layout.block.columns));
  for (size_t i = 0; i < layout.block.columns; ++i) {
    layout.codes.store(block, i, codes[i]);
  }
  std::memcpy(block + layout.scale, row.scales + index * 2, 2);
  if (layout.minimum != 0) {
    std::memcpy(block + layout.minimum, row.minimums + index * 2, 2);
  }
  const size_t groups = layout.block.columns / size_t(format.group);
  for (size_t i = 0, group = index * groups; row.subScales != nullptr && i < groups; ++i, ++group) {
    if (row.subMinimums == nullptr) {
      layout.subScales.store(block, i, int8_t(row.subScales[group]));
    } else {
      SixBits::store(block + kSixBits, i, false, unsigned(row.subScales[group]));
      SixBits::store(block + kSixBits, i, true, unsigned(row.subMinimums[group]));
    }
  }
}

} // namespace

GgmlBlock ggmlBlockOf(WeightFormat format) {
  const Layout *layout = layoutOf(format);
  return layout == nullptr ? GgmlBlock{} : layout->block;
}

void rowFromGgmlBlocks(WeightFormat format, const std::byte *blocks, size_t columns, std::byte *row) {
  const Layout &layout = *layoutOf(format);
  const RowPlanes planes = planesOf(traitsOf(format), row, columns);
  for (size_t i = 0; i < columns / layout.block.columns; ++i) {
    readBlock(layout, blocks + i * layout.block.bytes, planes, i);
  }
}

void ggmlBlocksFromRow(WeightFormat format, const std::byte *row, size_t columns, std::byte *blocks) {
  const Layout &layout = *layoutOf(format);
  const RowPlanes planes = planesOf(traitsOf(format), const_cast<std::byte *>(row), columns);
  for (size_t i = 0; i < columns / layout.block.columns; ++i) {
    writeBlock(layout, planes, i, blocks + i * layout.block.bytes);
  }
}

} // namespace cria
