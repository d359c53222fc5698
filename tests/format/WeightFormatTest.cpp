// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The planes and arrays of formats against what is written for them by hand, for rows of the table and for
// descriptions that it may get; and the encoding of rows.
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <gmock/gmock.h>
#include <random>

using namespace cria;
using ::testing::ElementsAre;

namespace {

using Layout = PhysicalLayout::Kind;

/// "scales f16 [4, 3] 24", one line for each array.
std::vector<std::string> textsOf(const WeightFormatTraits &format, Layout layout,
                                 std::vector<int64_t> shape) {
  std::vector<std::string> texts;
  for (const WeightArray &array : arraysOf(format, layout, shape)) {
    std::string text = arrayName("w", array.suffix) + " " + std::string(nameOf(array.type)) + " [";
    for (size_t i = 0; i < array.shape.size(); ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string(array.shape[i]);
    }
    texts.push_back(text + "] " + std::to_string(array.size));
  }
  return texts;
}

const WeightFormatTraits &kInt8 = traitsOf(WeightFormat::q8_0), &kQ40 = traitsOf(WeightFormat::q4_0),
                         &kQ51 = traitsOf(WeightFormat::q5_1), &kQ3K = traitsOf(WeightFormat::q3_k),
                         &kQ4K = traitsOf(WeightFormat::q4_k), &kIq4Xs = traitsOf(WeightFormat::iq4_xs);
/// As in AWQ: not in the table.
constexpr WeightFormatTraits kGptq{.name = "gptq",
                                   .map = CodeMap::linear,
                                   .bits = 4,
                                   .group = 128,
                                   .scale = ScaleKind::perGroup,
                                   .scaleType = ElementType::bf16,
                                   .offset = OffsetKind::zeroPoint,
                                   .zeroPointBits = 4};

TEST(WeightFormat, NamesAreFoundAgain) {
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    EXPECT_EQ(findWeightFormat(kWeightFormats[i].name), WeightFormat(i));
    EXPECT_EQ(nameOf(WeightFormat(i)), kWeightFormats[i].name);
  }
  EXPECT_EQ(findWeightFormat("i8"), std::nullopt);
  EXPECT_EQ(denseFormatOf(ElementType::bf16), WeightFormat::bf16);
  EXPECT_EQ(denseFormatOf(ElementType::i8), std::nullopt);
}

TEST(WeightFormat, DenseWeightsHaveOneArrayWithoutSuffix) {
  const WeightFormatTraits &f16 = traitsOf(WeightFormat::f16);
  EXPECT_THAT(textsOf(f16, Layout::rowMajor, {7, 5}), ElementsAre("w f16 [7, 5] 70"));
  EXPECT_THAT(textsOf(f16, Layout::rowMajor, {5}), ElementsAre("w f16 [5] 10"));
  EXPECT_THAT(textsOf(f16, Layout::panel16, {65, 8}), ElementsAre("w f16 [8, 8, 16] 2048"));
  EXPECT_THAT(textsOf(f16, Layout::rowPadded, {7, 5}), ElementsAre("w f16 [128, 64] 16384"));
  EXPECT_THAT(textsOf(traitsOf(WeightFormat::f32), Layout::rowMajor, {7, 5}),
              ElementsAre("w f32 [7, 5] 140"));
}

TEST(WeightFormat, PlanesLieApartInRowMajor) {
  EXPECT_THAT(textsOf(kInt8, Layout::rowMajor, {4, 70}),
              ElementsAre("w i8 [4, 70] 280", "w.scales f16 [4, 3] 24"));
  EXPECT_THAT(textsOf(kQ40, Layout::rowMajor, {4, 71}),
              ElementsAre("w u8 [4, 36] 144", "w.scales f16 [4, 3] 24"));
  EXPECT_THAT(textsOf(kQ51, Layout::rowMajor, {4, 64}),
              ElementsAre("w u8 [4, 40] 160", "w.scales f16 [4, 2] 16", "w.minimums f16 [4, 2] 16"));
  EXPECT_THAT(textsOf(kQ3K, Layout::rowMajor, {2, 576}),
              ElementsAre("w u8 [2, 216] 432", "w.scales f16 [2, 3] 12", "w.sub_scales i8 [2, 36] 72"));
  EXPECT_THAT(textsOf(kQ4K, Layout::rowMajor, {2, 576}),
              ElementsAre("w u8 [2, 288] 576", "w.scales f16 [2, 3] 12", "w.sub_scales u8 [2, 18] 36",
                          "w.minimums f16 [2, 3] 12", "w.sub_minimums u8 [2, 18] 36"));
  EXPECT_THAT(textsOf(kIq4Xs, Layout::rowMajor, {1, 256}),
              ElementsAre("w u8 [1, 128] 128", "w.scales f16 [1, 1] 2", "w.sub_scales i8 [1, 8] 8"));
  EXPECT_THAT(textsOf(kGptq, Layout::rowMajor, {2, 256}),
              ElementsAre("w u8 [2, 128] 256", "w.scales bf16 [2, 2] 8", "w.zeros u8 [2, 2] 4"));
}

TEST(WeightFormat, RowPaddedPadsEveryPlane) {
  EXPECT_THAT(textsOf(kInt8, Layout::rowPadded, {4, 70}),
              ElementsAre("w i8 [128, 128] 16384", "w.scales f16 [128, 4] 1024"));
  WeightFormatTraits wide = kGptq;
  wide.bits = 8;
  EXPECT_TRUE(hasLayout(kGptq, Layout::panel16));
  EXPECT_FALSE(hasLayout(wide, Layout::panel16)); // code − zero point does not fit into a byte
}

TEST(WeightFormat, PanelsAreOneArray) {
  EXPECT_THAT(textsOf(kIq4Xs, Layout::panel16, {70, 288}), ElementsAre("w u8 [8, 2560] 20480"));
  EXPECT_THAT(textsOf(kInt8, Layout::panel16, {64, 64}), ElementsAre("w u8 [4, 1088] 4352"));
}

TEST(WeightFormat, BitsPerWeight) {
  EXPECT_EQ(bitsPerWeight(traitsOf(WeightFormat::bf16)), 16);
  EXPECT_EQ(bitsPerWeight(kInt8), 8.5);
  EXPECT_EQ(bitsPerWeight(kQ51), 6);
  EXPECT_EQ(bitsPerWeight(kQ3K), 3.4375);
  EXPECT_EQ(bitsPerWeight(kQ4K), 4.5);
  EXPECT_EQ(bitsPerWeight(kIq4Xs), 4.25);
  EXPECT_EQ(bitsPerWeight(kGptq), 4.15625);
}

TEST(WeightFormat, SomeDescriptionsHaveNoCodec) {
  WeightFormatTraits format = kQ4K;
  EXPECT_TRUE(hasCodec(format));
  format.scale = ScaleKind::perGroup; // the minimums have two levels
  EXPECT_FALSE(hasCodec(format));
  format = kQ51;
  format.zero = 16; // beside the minimum
  EXPECT_FALSE(hasCodec(format));
  format = kIq4Xs;
  format.bits = 5; // a table has 16 values
  EXPECT_FALSE(hasCodec(format));
  format = kQ40;
  format.group = 20; // ends within a byte
  EXPECT_FALSE(hasCodec(format));
}

/// The values after encoding and decoding.
std::vector<float> roundTrip(const WeightFormatTraits &format, const std::vector<float> &values) {
  std::vector<std::byte> row(rowBytes(format, int64_t(values.size())), std::byte(0xAA));
  EXPECT_EQ(encodeRow(format, values, row.data()), std::nullopt);
  std::vector<float> decoded(values.size());
  decodeRow(format, row.data(), decoded);
  return decoded;
}

TEST(WeightFormat, DenseValuesAreRounded) {
  const std::vector<float> values = {1, -2, 0x1.001p0f, 1e-30f};
  EXPECT_EQ(roundTrip(traitsOf(WeightFormat::f32), values), values);
  EXPECT_THAT(roundTrip(traitsOf(WeightFormat::f16), values), ElementsAre(1, -2, 1, 0));
  EXPECT_THAT(roundTrip(traitsOf(WeightFormat::bf16), values),
              ElementsAre(1, -2, 1, std::bit_cast<float>(0x0DA20000u)));
}

TEST(WeightFormat, TheLastGroupOfARowMayBeShort) {
  std::vector<float> values(35, 127.0f);
  values[33] = -2;
  values[32] = values[34] = 254;
  EXPECT_EQ(rowBytes(kInt8, 35), 35u + 2 * 2);
  EXPECT_EQ(roundTrip(kInt8, values), values);
}

TEST(WeightFormat, AScaleThatDoesNotFitNamesItsValue) {
  std::vector<float> values(64, 1.0f);
  values[40] = -1e8f;
  std::vector<std::byte> row(rowBytes(kInt8, 64));
  EXPECT_EQ(encodeRow(kInt8, values, row.data()), 40u);
}

// Sums of such weights overflow in the search for scales.
TEST(WeightFormat, WeightsNearTheLargestFitOrAreNamed) {
  for (const WeightFormatTraits &format : kWeightFormats) {
    for (const float magnitude : {1e15f, 1e19f, 1e30f, 3e36f, 1e38f, 3.4e38f}) {
      std::vector<float> values(300, magnitude);
      std::fill_n(values.begin() + 150, 100, -magnitude);
      values[7] = 1;
      std::vector<std::byte> row(rowBytes(format, int64_t(values.size())));
      std::vector<float> decoded(values.size());
      for (const bool isAlone : {false, true}) {
        if (isAlone) {
          std::fill_n(values.begin(), values.size(), 0.5f);
          values[170] = magnitude;
        }
        if (!isDense(format) && !encodeRow(format, values, row.data())) {
          decodeRow(format, row.data(), decoded);
          EXPECT_TRUE(std::ranges::all_of(decoded, [](float value) { return std::isfinite(value); }))
              << format.name << " " << magnitude;
        }
      }
    }
  }
}

TEST(WeightFormat, WhatIsNotFiniteSpoilsItsGroup) {
  for (float spoiler : {INFINITY, -INFINITY, NAN}) {
    std::vector<float> values(64, 127.0f);
    values[3] = spoiler;
    const std::vector<float> decoded = roundTrip(kInt8, values);
    for (size_t i = 0; i < 64; ++i) {
      EXPECT_EQ(std::isnan(decoded[i]), i < 32) << i;
    }
  }
}

TEST(WeightFormat, FindsTheFirstValueThatIsNotFinite) {
  std::mt19937 random(1);
  for (const WeightFormatTraits &format : kWeightFormats) {
    for (int round = 0; round < 300; ++round) {
      const size_t columns = 1 + random() % 200;
      std::vector<float> values(columns);
      for (float &value : values) {
        value = std::ldexp(float(random() % 2048) - 1024, int(random() % 8) - 4);
      }
      std::vector<std::byte> row(rowBytes(format, int64_t(columns)));
      encodeRow(format, values, row.data());
      EXPECT_EQ(findNonFinite(format, row.data(), columns), std::nullopt) << format.name;
      const size_t first = random() % columns, second = first + random() % (columns - first);
      for (size_t at : {first, second}) {
        const auto sign = uint32_t(random() & 1) << 31;
        const auto payload = uint32_t(random() % 3 == 0 ? 0 : random()) & 0x007FE000; // 0: infinity
        values[at] = std::bit_cast<float>(0x7F800000u | sign | payload);
      }
      encodeRow(format, values, row.data());
      const auto spoiled = size_t(format.scale == ScaleKind::twoLevel ? kSuperGroup : format.group);
      const size_t expected = isDense(format) ? first : first / spoiled * spoiled;
      EXPECT_EQ(findNonFinite(format, row.data(), columns), expected) << format.name << " " << columns;
    }
  }
}

/// Descriptions of all kinds, in the table or not.
std::vector<WeightFormatTraits> manyDescriptions() {
  std::vector<WeightFormatTraits> formats;
  for (int bits = 2; bits <= 8; ++bits) {
    for (const int64_t group : {8, 16, 32, 64, 128, 40}) {
      for (const ElementType scaleType : {ElementType::f16, ElementType::bf16, ElementType::f32}) {
        for (const ScaleKind scale : {ScaleKind::perGroup, ScaleKind::twoLevel}) {
          for (const OffsetKind offset :
               {OffsetKind::none, OffsetKind::minimum, OffsetKind::twoLevelMinimum, OffsetKind::zeroPoint}) {
            const bool isCentered = offset == OffsetKind::none;
            formats.push_back({.name = "made up",
                               .map = CodeMap::linear,
                               .bits = bits,
                               .zero = isCentered ? 1 << (bits - 1) : 0,
                               .group = group,
                               .scale = scale,
                               .scaleType = scaleType,
                               .subScaleBits = 6,
                               .hasSignedSubScales = isCentered,
                               .offset = offset,
                               .isMinimumAdded = offset == OffsetKind::minimum && bits % 2 == 0,
                               .subMinimumBits = 6,
                               .zeroPointBits = bits});
          }
        }
      }
    }
  }
  return formats;
}

// 300 columns: a short last group and a short last super-group.
TEST(WeightFormat, EveryDescriptionWithACodecApproximates) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.1f, 1);
  size_t tried = 0;
  for (const WeightFormatTraits &format : manyDescriptions()) {
    if (!hasCodec(format)) {
      continue;
    }
    std::vector<float> values(300);
    std::ranges::generate(values, [&] { return normal(random); });
    const std::vector<float> decoded = roundTrip(format, values);
    double squares = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      squares += std::pow(values[i] - decoded[i], 2);
    }
    // Codes that are evenly spread over ±3 leave an error of 6 / 2^bits / √12.
    const double error = std::sqrt(squares / double(values.size()));
    EXPECT_LT(error, 1.74 / (1 << format.bits) + 0.003)
        << format.bits << " bits, group " << format.group << ", scale " << int(format.scale) << ", offset "
        << int(format.offset) << ", type " << nameOf(format.scaleType);
    ++tried;
  }
  EXPECT_GT(tried, 500u);
}

TEST(WeightFormat, TinyGroupsBecomeZero) {
  std::vector<float> values(32, 0.0f);
  values[1] = std::bit_cast<float>(1u); // 1 / scale is infinite
  EXPECT_EQ(roundTrip(kInt8, values), std::vector<float>(32, 0.0f));
}

} // namespace
