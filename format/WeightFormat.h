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
  iq4_xs
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
  int zeroPointBits = 0;       // of a zero point; stored in 8 bits, or in 16 if it has more than 8
};

/// The number of values that share the outer scale of two-level scales and minimums.
constexpr int64_t kSuperGroup = 256;

/// What the codes of ggml's IQ4 formats stand for.
inline constexpr std::array<int8_t, 16> kIq4Table = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

/// The table, in the order of the enumerators.
inline constexpr std::array kWeightFormats = {
    WeightFormatTraits{.name = "f32", .element = ElementType::f32},
    WeightFormatTraits{.name = "f16", .element = ElementType::f16},
    WeightFormatTraits{.name = "bf16", .element = ElementType::bf16},
    WeightFormatTraits{.name = "q8_0",
                       .map = CodeMap::linear,
                       .bits = 8,
                       .zero = 128,
                       .group = 32,
                       .scale = ScaleKind::perGroup},
    WeightFormatTraits{.name = "q4_0",
                       .map = CodeMap::linear,
                       .bits = 4,
                       .zero = 8,
                       .group = 32,
                       .scale = ScaleKind::perGroup},
    WeightFormatTraits{.name = "q4_1",
                       .map = CodeMap::linear,
                       .bits = 4,
                       .group = 32,
                       .scale = ScaleKind::perGroup,
                       .offset = OffsetKind::minimum,
                       .isMinimumAdded = true},
    WeightFormatTraits{.name = "q5_0",
                       .map = CodeMap::linear,
                       .bits = 5,
                       .zero = 16,
                       .group = 32,
                       .scale = ScaleKind::perGroup},
    WeightFormatTraits{.name = "q5_1",
                       .map = CodeMap::linear,
                       .bits = 5,
                       .group = 32,
                       .scale = ScaleKind::perGroup,
                       .offset = OffsetKind::minimum,
                       .isMinimumAdded = true},
    WeightFormatTraits{.name = "q3_k",
                       .map = CodeMap::linear,
                       .bits = 3,
                       .zero = 4,
                       .group = 16,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .hasSignedSubScales = true},
    WeightFormatTraits{.name = "q4_k",
                       .map = CodeMap::linear,
                       .bits = 4,
                       .group = 32,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .offset = OffsetKind::twoLevelMinimum,
                       .subMinimumBits = 6},
    WeightFormatTraits{.name = "q5_k",
                       .map = CodeMap::linear,
                       .bits = 5,
                       .group = 32,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .offset = OffsetKind::twoLevelMinimum,
                       .subMinimumBits = 6},
    WeightFormatTraits{.name = "q6_k",
                       .map = CodeMap::linear,
                       .bits = 6,
                       .zero = 32,
                       .group = 16,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 8,
                       .hasSignedSubScales = true},
    WeightFormatTraits{.name = "iq4_nl",
                       .map = CodeMap::table,
                       .bits = 4,
                       .table = kIq4Table,
                       .group = 32,
                       .scale = ScaleKind::perGroup},
    WeightFormatTraits{.name = "iq4_xs",
                       .map = CodeMap::table,
                       .bits = 4,
                       .table = kIq4Table,
                       .group = 32,
                       .scale = ScaleKind::twoLevel,
                       .subScaleBits = 6,
                       .hasSignedSubScales = true},
};

constexpr bool isDense(const WeightFormatTraits &format) { return format.map == CodeMap::dense; }

/// Whether codes of 8 bits are stored as the signed values that they stand for.
constexpr bool hasSignedCodes(const WeightFormatTraits &format) {
  return format.map == CodeMap::linear && format.bits == 8 && format.zero == 128;
}

/// Returns whether format/WeightCodec.h implements a description. Groups begin at bytes, and divide the
/// super-groups of two-level scales.
constexpr bool hasCodec(const WeightFormatTraits &format) {
  const bool isTwoLevel = format.scale == ScaleKind::twoLevel;
  return isDense(format) ||
         (format.bits >= 2 && format.bits <= 8 && (format.map == CodeMap::linear || format.bits == 4) &&
          format.scale != ScaleKind::none && format.group >= 8 && format.group % 8 == 0 &&
          (!isTwoLevel || kSuperGroup % format.group == 0) &&
          (format.offset != OffsetKind::twoLevelMinimum || isTwoLevel));
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

constexpr const WeightFormatTraits &traitsOf(WeightFormat format) { return kWeightFormats[size_t(format)]; }
constexpr std::string_view nameOf(WeightFormat format) { return traitsOf(format).name; }
constexpr bool isDense(WeightFormat format) { return isDense(traitsOf(format)); }

/// The format of that name in types, programs, manifests and options.
constexpr std::optional<WeightFormat> findWeightFormat(std::string_view name) {
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    if (kWeightFormats[i].name == name) {
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
