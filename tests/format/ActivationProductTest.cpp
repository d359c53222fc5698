// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The packed rows and the products of each class of activations, with the golden ones
// (tests/golden/README.md), bit for bit.
#include "format/ActivationProduct.h"

#include "support/FloatMode.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria {
namespace {

using nlohmann::json;

template <typename T> std::vector<T> valuesOf(const json &hexadecimal) {
  const auto text = hexadecimal.get<std::string>();
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  return values;
}

std::vector<uint32_t> bitsOf(std::span<const float> values) {
  std::vector<uint32_t> bits;
  for (const float value : values) {
    bits.push_back(std::bit_cast<uint32_t>(value));
  }
  return bits;
}

std::vector<json> linesOf(const std::string &name) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/golden/" + name);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

std::vector<uint32_t> goldenBits(const json &hexadecimal) { return valuesOf<uint32_t>(hexadecimal); }

class ActivationProductTest : public testing::Test {
protected:
  FloatMode mode_;
};

TEST_F(ActivationProductTest, PacksRowsInA8) {
  size_t numRows = 0;
  for (const json &golden : linesOf("activations.jsonl")) {
    const Int8Row packed = packInt8(valuesOf<float>(golden["x"]), Int8Encoding::a8);
    EXPECT_EQ(packed.isFinite, golden.contains("a8")) << golden["name"];
    if (packed.isFinite) {
      EXPECT_EQ(bitsOf(packed.scales), goldenBits(golden["a8"]["scales"])) << golden["name"];
      EXPECT_EQ(packed.codes, valuesOf<int8_t>(golden["a8"]["codes"])) << golden["name"];
      ++numRows;
    }
  }
  EXPECT_GE(numRows, 50u);
}

TEST_F(ActivationProductTest, PacksRowsInA8p) {
  size_t numRows = 0;
  for (const json &golden : linesOf("activations.jsonl")) {
    const Int8Row packed = packInt8(valuesOf<float>(golden["x"]), Int8Encoding::a8p);
    EXPECT_EQ(packed.isFinite, golden.contains("a8p")) << golden["name"];
    if (packed.isFinite) {
      EXPECT_EQ(bitsOf({&packed.base, 1}), goldenBits(golden["a8p"]["base"])) << golden["name"];
      EXPECT_EQ(json(packed.exponents), golden["a8p"]["exponents"]) << golden["name"];
      EXPECT_EQ(packed.codes, valuesOf<int8_t>(golden["a8p"]["codes"])) << golden["name"];
      ++numRows;
    }
  }
  EXPECT_GE(numRows, 50u);
}

TEST_F(ActivationProductTest, RoundsToBf16) {
  for (const json &golden : linesOf("activations.jsonl")) {
    std::vector<uint16_t> rounded;
    for (const float value : valuesOf<float>(golden["x"])) {
      rounded.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(roundToBf16(value)) >> 16));
    }
    EXPECT_EQ(rounded, valuesOf<uint16_t>(golden["bf16"])) << golden["name"];
  }
}

CodedRow weightOf(const json &golden) {
  return {.group = golden["group"],
          .codes = valuesOf<int16_t>(golden["codes"]),
          .scales = valuesOf<float>(golden["scales"]),
          .minimums = valuesOf<float>(golden["minimums"])};
}

TEST_F(ActivationProductTest, MultipliesCodes) {
  size_t numProducts = 0;
  for (const json &golden : linesOf("products.jsonl")) {
    if (!golden.contains("codes")) {
      continue;
    }
    const auto x = valuesOf<float>(golden["x"]);
    for (const auto &[encoding, name] : {std::pair{Int8Encoding::a8, "a8"}, {Int8Encoding::a8p, "a8p"}}) {
      const float y = productInt8(packInt8(x, encoding), weightOf(golden));
      EXPECT_EQ(bitsOf({&y, 1}), goldenBits(golden[name])) << golden["name"] << " in " << name;
    }
    ++numProducts;
  }
  EXPECT_GE(numProducts, 80u);
}

TEST_F(ActivationProductTest, MultipliesValues) {
  size_t numProducts = 0;
  for (const json &golden : linesOf("products.jsonl")) {
    if (!golden.contains("weights")) {
      continue;
    }
    const auto x = valuesOf<float>(golden["x"]);
    const float y = productF32(x, valuesOf<float>(golden["weights"]));
    EXPECT_EQ(bitsOf({&y, 1}), goldenBits(golden["f32"])) << golden["name"];
    std::vector<float> rounded, weights;
    for (const float value : x) {
      rounded.push_back(roundToBf16(value));
    }
    for (const uint16_t value : valuesOf<uint16_t>(golden["bf16_weights"])) {
      weights.push_back(floatFromBfloat16(value));
    }
    const float inBf16 = productBf16(rounded, weights);
    EXPECT_EQ(bitsOf({&inBf16, 1}), goldenBits(golden["bf16"])) << golden["name"];
    ++numProducts;
  }
  EXPECT_GE(numProducts, 14u);
}

TEST_F(ActivationProductTest, GivesNanForRowsThatAreNotFinite) {
  const CodedRow weight{.group = 32, .codes = std::vector<int16_t>(40, 1), .scales = {1, 1}, .minimums = {}};
  for (const float value : {INFINITY, -INFINITY, NAN, std::bit_cast<float>(0xFF812345u)}) {
    std::vector<float> x(40, 1.0f);
    x[39] = value;
    for (const Int8Encoding encoding : {Int8Encoding::a8, Int8Encoding::a8p}) {
      EXPECT_EQ(std::bit_cast<uint32_t>(productInt8(packInt8(x, encoding), weight)), 0x7FC00000u);
    }
  }
}

TEST(ActivationClassTest, MultipliesItsFormats) {
  for (const WeightFormatTraits &format : kWeightFormats) {
    EXPECT_TRUE(multiplies(ActivationClass::f32, format)) << format.name;
    EXPECT_EQ(multiplies(ActivationClass::bf16, format), format.name == "bf16") << format.name;
    EXPECT_EQ(multiplies(ActivationClass::f16, format), format.name == "f16") << format.name;
    EXPECT_EQ(multiplies(ActivationClass::int8, format), format.scale != ScaleKind::none) << format.name;
  }
}

TEST(ActivationClassTest, OnlyCodesOf8BitsTakeScalesThatAreNoPowers) {
  EXPECT_EQ(int8EncodingFor(traitsOf(WeightFormat::q8_0)), Int8Encoding::a8);
  for (const WeightFormat below : {WeightFormat::q6_k, WeightFormat::q5_1, WeightFormat::iq4_xs}) {
    EXPECT_EQ(int8EncodingFor(traitsOf(below)), Int8Encoding::a8p) << nameOf(below);
  }
}

} // namespace
} // namespace cria
