// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of weight formats. Each entry describes how the values of a weight are encoded along K, the
// columns of its rows. The arrays in memory (format/WeightArrays.h), and encoding and decoding
// (format/WeightCodec.h) follow from the description. Computation is always in f32. Plugins may include this
// file.
#pragma once

#include "format/ElementType.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cria {

enum class WeightFormat : uint8_t {
  f32,
  f16,
  bf16,
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  q4h,
  q4_g32,
  q4_g64,
  q4_g128,
  q4_row,
  q4_g32_bf16,
  q4_g64_bf16,
  q4_g128_bf16,
  q4_row_bf16,
  q4_g32_f32,
  q4_g64_f32,
  q4_g128_f32,
  q4_row_f32
};

/// What a code stands for.
enum class CodeMap : uint8_t {
  dense,  ///< there are no codes: values are elements of type `element`
  linear, ///< code q stands for q − zero
  table,  ///< code q of 4 bits stands for table[q]
};

/// What codes are multiplied by.
enum class ScaleKind : uint8_t {
  none,     ///< dense values
  perGroup, ///< one of type `scaleType` for each group
  twoLevel, ///< one of type `scaleType` for each super-group, times a small integer for each group
};

/// What is subtracted from the scaled codes.
enum class OffsetKind : uint8_t {
  none,            ///< nothing except the constant `zero` of linear codes
  minimum,         ///< an f16 for each group
  twoLevelMinimum, ///< an f16 for each super-group, times a small integer for each group
  zeroPoint,       ///< before scaling, an integer for each group: value = scale · (code − zero point)
};

/// The description of a format. Groups are along K; the last one of a row may be shorter.
struct WeightFormatTraits {
  std::string_view name;
  CodeMap map = CodeMap::dense;
  ElementType element = ElementType::f32; // of dense values
  int bits = 0;                           // of a code: 2 to 8
  int zero = 0;                           // of linear codes
  std::array<int8_t, 16> table = {};
  int64_t group = 0; // values that share a scale: a power of two, at least 16
  ScaleKind scale = ScaleKind::none;
  ElementType scaleType = ElementType::f16; // f16, bf16 or f32
  int subScaleBits = 0;                     // of the small integers of two-level scales
  bool hasSignedSubScales = false;
  OffsetKind offset = OffsetKind::none;
  bool isMinimumAdded = false; // added as in Q4_1 of GGUF, not subtracted
  int subMinimumBits = 0;      // of the small integers of two-level minimums
  int zeroPointBits = 0;       // of a zero point, which is at most 2^bits; stored in 8 bits, or in 16 if it
                               // has more than 8
};

/// The number of values that share the outer scale of two-level scales and minimums.
constexpr int64_t kSuperGroup = 256;

/// The group of formats whose rows are one group: a power of two that no row is longer than.
constexpr int64_t kWholeRow = int64_t{1} << 30;

/// As in AWQ and GPTQ: codes of 4 bits, and a scale and a zero point for each group.
constexpr WeightFormatTraits withZeroPoint(std::string_view name, int64_t group, ElementType scaleType) {
  return {.name = name,
          .map = CodeMap::linear,
          .bits = 4,
          .group = group,
          .scale = ScaleKind::perGroup,
          .scaleType = scaleType,
          .offset = OffsetKind::zeroPoint,
          .zeroPointBits = 8};
}

/// The kinds of formats that ggml defines.
namespace ggml_formats {

/// What the codes of IQ4 formats stand for.
inline constexpr std::array<int8_t, 16> kIq4Table = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

/// As Q4_0: codes around zero, and a scale for each group.
constexpr WeightFormatTraits centered(std::string_view name, int bits) {
  return {.name = name,
          .map = CodeMap::linear,
          .bits = bits,
          .zero = 1 << (bits - 1),
          .group = 32,
          .scale = ScaleKind::perGroup};
}
/// As Q4_1: a scale and a minimum for each group.
constexpr WeightFormatTraits withMinimum(std::string_view name, int bits) {
  return {.name = name,
          .map = CodeMap::linear,
          .bits = bits,
          .group = 32,
          .scale = ScaleKind::perGroup,
          .offset = OffsetKind::minimum,
          .isMinimumAdded = true};
}
/// As Q6_K: codes around zero, and scales of two levels for groups of 16.
constexpr WeightFormatTraits centeredTwoLevel(std::string_view name, int bits, int subScaleBits) {
  return {.name = name,
          .map = CodeMap::linear,
          .bits = bits,
          .zero = 1 << (bits - 1),
          .group = 16,
          .scale = ScaleKind::twoLevel,
          .subScaleBits = subScaleBits,
          .hasSignedSubScales = true};
}
/// As Q4_K: scales and minimums of two levels.
constexpr WeightFormatTraits twoLevelMinimum(std::string_view name, int bits) {
  return {.name = name,
          .map = CodeMap::linear,
          .bits = bits,
          .group = 32,
          .scale = ScaleKind::twoLevel,
          .subScaleBits = 6,
          .offset = OffsetKind::twoLevelMinimum,
          .subMinimumBits = 6};
}

} // namespace ggml_formats

/// The table, in the order of the enumerators.
inline constexpr std::array kWeightFormats = {
    WeightFormatTraits{.name = "f32", .element = ElementType::f32},
    WeightFormatTraits{.name = "f16", .element = ElementType::f16},
    WeightFormatTraits{.name = "bf16", .element = ElementType::bf16},
    ggml_formats::centered("q8_0", 8),
    ggml_formats::centered("q4_0", 4),
    ggml_formats::withMinimum("q4_1", 4),
    ggml_formats::centered("q5_0", 5),
    ggml_formats::withMinimum("q5_1", 5),
    ggml_formats::centeredTwoLevel("q3_k", 3, 6),
    ggml_formats::twoLevelMinimum("q4_k", 4),
    ggml_formats::twoLevelMinimum("q5_k", 5),
    ggml_formats::centeredTwoLevel("q6_k", 6, 8),
    WeightFormatTraits{.name = "iq4_nl",
                       .map = CodeMap::table,
                       .bits = 4,
                       .table = ggml_formats::kIq4Table,
                       .group = 32,
                       .scale = ScaleKind::perGroup},
    WeightFormatTraits{.name = "iq4_xs",
                       .map = CodeMap::table,
                       .bits = 4,
                       .table = ggml_formats::kIq4Table,
                       .group = 32,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .hasSignedSubScales = true},
    WeightFormatTraits{.name = "q4h", // the table of iq4_xs in groups of 16
                       .map = CodeMap::table,
                       .bits = 4,
                       .table = ggml_formats::kIq4Table,
                       .group = 16,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .hasSignedSubScales = true},
    withZeroPoint("q4_g32", 32, ElementType::f16),
    withZeroPoint("q4_g64", 64, ElementType::f16),
    withZeroPoint("q4_g128", 128, ElementType::f16),
    withZeroPoint("q4_row", kWholeRow, ElementType::f16),
    withZeroPoint("q4_g32_bf16", 32, ElementType::bf16),
    withZeroPoint("q4_g64_bf16", 64, ElementType::bf16),
    withZeroPoint("q4_g128_bf16", 128, ElementType::bf16),
    withZeroPoint("q4_row_bf16", kWholeRow, ElementType::bf16),
    withZeroPoint("q4_g32_f32", 32, ElementType::f32),
    withZeroPoint("q4_g64_f32", 64, ElementType::f32),
    withZeroPoint("q4_g128_f32", 128, ElementType::f32),
    withZeroPoint("q4_row_f32", kWholeRow, ElementType::f32),
};

constexpr bool isDense(const WeightFormatTraits &format) { return format.map == CodeMap::dense; }

constexpr bool hasMinimums(const WeightFormatTraits &format) {
  return format.offset == OffsetKind::minimum || format.offset == OffsetKind::twoLevelMinimum;
}

/// Whether codes of 8 bits are stored as the signed values that they stand for.
constexpr bool hasSignedCodes(const WeightFormatTraits &format) {
  return format.map == CodeMap::linear && format.bits == 8 && format.zero == 128;
}

/// Returns whether format/WeightCodec.h implements the scales and offsets of a description: with one level
/// any offset; with two, signed integers without an offset, or unsigned ones with minimums that are
/// subtracted. Codes have one offset at most: zero, a table, or that of the group.
constexpr bool hasCodecForTerms(const WeightFormatTraits &format) {
  const auto isStored = [](int bits) { return bits >= 4 && bits <= 8; }; // of small integers
  const bool isCentered = format.offset == OffsetKind::none;
  if (!isCentered && (format.zero != 0 || format.map != CodeMap::linear)) {
    return false;
  }
  switch (format.scale) {
  case ScaleKind::none:
    return false;
  case ScaleKind::perGroup:
    return format.offset != OffsetKind::twoLevelMinimum;
  case ScaleKind::twoLevel:
    return kSuperGroup % format.group == 0 && isStored(format.subScaleBits) &&
           format.hasSignedSubScales == isCentered &&
           (isCentered || (format.offset == OffsetKind::twoLevelMinimum && !format.isMinimumAdded &&
                           isStored(format.subMinimumBits)));
  }
  return false;
}

/// Returns whether format/WeightCodec.h implements a description. Groups begin at bytes.
constexpr bool hasCodec(const WeightFormatTraits &format) {
  return isDense(format) ||
         (format.bits >= 2 && format.bits <= 8 && (format.map == CodeMap::linear || format.bits == 4) &&
          format.group >= 8 && format.group % 8 == 0 && hasCodecForTerms(format));
}
static_assert(
    [] {
      for (const WeightFormatTraits &format : kWeightFormats) {
        if (!hasCodec(format)) {
          return false;
        }
      }
      return true;
    }(),
    "a format of the table needs a codec");

/// Formats after those of the table. No product defines this function: tests/conformance/MadeUpFormats.cpp
/// does, to prove that a row is all that a format needs (docs/decisions/0019-tests-add-rows-when-linked.md).
[[gnu::weak, gnu::visibility("hidden")]] std::span<const WeightFormatTraits> moreWeightFormats();

/// The number of formats. WeightFormat(i) is the format of row i.
inline size_t numWeightFormats() {
  return kWeightFormats.size() + (moreWeightFormats ? moreWeightFormats().size() : 0);
}

constexpr const WeightFormatTraits &traitsOf(WeightFormat format) {
  const auto row = size_t(format);
  return row < kWeightFormats.size() ? kWeightFormats[row] : moreWeightFormats()[row - kWeightFormats.size()];
}
constexpr std::string_view nameOf(WeightFormat format) { return traitsOf(format).name; }
constexpr bool isDense(WeightFormat format) { return isDense(traitsOf(format)); }

/// The format of that name in types, programs, manifests and options.
inline std::optional<WeightFormat> findWeightFormat(std::string_view name) {
  for (size_t i = 0; i < numWeightFormats(); ++i) {
    if (nameOf(WeightFormat(i)) == name) {
      return WeightFormat(i);
    }
  }
  return std::nullopt;
}
/// The dense format of that element type; nullopt for types that weights do not have.
constexpr std::optional<WeightFormat> denseFormatOf(ElementType type) {
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    if (isDense(kWeightFormats[i]) && kWeightFormats[i].element == type) {
      return WeightFormat(i);
    }
  }
  return std::nullopt;
}

} // namespace cria
