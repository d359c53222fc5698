// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes and decodes the golden blocks of llama.cpp (tests/golden/README.md), or those in the folder that
// CRIA_GOLDEN_WEIGHTS names.
#include "format/GgmlBlocks.h"
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria {
namespace {

std::vector<std::byte> bytesOf(const std::string &hexadecimal) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < hexadecimal.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<float> floatsOf(const std::string &hexadecimal) {
  const std::vector<std::byte> bytes = bytesOf(hexadecimal);
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!bytes.empty()) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  return values;
}

struct Golden {
  std::vector<float> values; // empty: the block was not made from values
  std::vector<std::byte> block;
  std::vector<float> decoded;
};

class GoldenWeightsTest : public testing::TestWithParam<WeightFormat> {
protected:
  GoldenWeightsTest() {
    const char *stated = std::getenv("CRIA_GOLDEN_WEIGHTS");
    isCommitted_ = stated == nullptr;
    const std::string folder = stated != nullptr ? stated : CRIA_SOURCE_DIR "/tests/golden";
    std::ifstream file(fmt::format("{}/weights.{}.jsonl", folder, format_.name));
    for (std::string line; std::getline(file, line);) {
      const nlohmann::json golden = nlohmann::json::parse(line);
      goldens_.push_back(
          {floatsOf(golden.value("values", "")), bytesOf(golden["block"]), floatsOf(golden["decoded"])});
    }
  }

  std::vector<std::byte> rowOf(const Golden &golden) const {
    std::vector<std::byte> row(rowBytes(format_, int64_t(golden.decoded.size())), std::byte(0xA5));
    rowFromGgmlBlocks(GetParam(), golden.block.data(), golden.decoded.size(), row.data());
    return row;
  }
  std::vector<float> decode(const std::vector<std::byte> &row, size_t columns) const {
    std::vector<float> values(columns, NAN);
    decodeRow(format_, row.data(), values);
    return values;
  }

  const WeightFormatTraits &format_ = traitsOf(GetParam());
  bool isCommitted_ = true;
  std::vector<Golden> goldens_;
};

double squaredError(const std::vector<float> &a, const std::vector<float> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
  }
  return sum;
}

TEST_P(GoldenWeightsTest, DecodesBlocksToTheSameBits) {
  ASSERT_GE(goldens_.size(), 30u);
  for (size_t i = 0; i < goldens_.size(); ++i) {
    const std::vector<float> decoded = decode(rowOf(goldens_[i]), goldens_[i].decoded.size());
    EXPECT_EQ(std::memcmp(decoded.data(), goldens_[i].decoded.data(), decoded.size() * sizeof(float)), 0)
        << "block " << i;
  }
}

TEST_P(GoldenWeightsTest, WritesBlocksBack) {
  for (const Golden &golden : goldens_) {
    std::vector<std::byte> block(golden.block.size(), std::byte(0xA5));
    ggmlBlocksFromRow(GetParam(), rowOf(golden).data(), golden.decoded.size(), block.data());
    EXPECT_EQ(block, golden.block);
  }
}

// Q8_0 has the same bytes. Other encoders search: no block of linear codes with one level is worse; with a
// table or two levels, the scales that are tried differ, and none is worse by more than 5 %, except for one
// in 500 of a folder that is stated.
TEST_P(GoldenWeightsTest, EncodesAtLeastAsWell) {
  const bool isPlain = format_.scale == ScaleKind::perGroup && format_.map == CodeMap::linear;
  const double worst = isPlain ? 1.0000001 : 1.05;
  double gain = 0; // the logarithm of the ratio of the errors, over all blocks
  double sum = 0, sumOfGgml = 0;
  std::vector<size_t> worse;
  for (size_t i = 0; i < goldens_.size() && !goldens_[i].values.empty(); ++i) {
    const Golden &golden = goldens_[i];
    std::vector<std::byte> row(rowBytes(format_, int64_t(golden.values.size())), std::byte(0xA5));
    ASSERT_EQ(encodeRow(format_, golden.values, row.data()), std::nullopt);
    if (GetParam() == WeightFormat::q8_0) {
      EXPECT_EQ(row, rowOf(golden)) << "block " << i;
    }
    const double error = squaredError(golden.values, decode(row, golden.values.size()));
    const double ofGgml = squaredError(golden.values, golden.decoded);
    if (error > ofGgml * worst) {
      worse.push_back(i);
    }
    gain += error > 0 ? std::log(ofGgml / error) : 0;
    sum += error;
    sumOfGgml += ofGgml;
  }
  const size_t allowed = isCommitted_ ? 0 : goldens_.size() / 500;
  EXPECT_LE(worse.size(), allowed) << "blocks " << testing::PrintToString(worse);
  EXPECT_GE(gain, 0);
  RecordProperty("error_ratio", fmt::format("{:.4f}", sum / sumOfGgml));
}

std::vector<WeightFormat> formatsOfGgml() {
  std::vector<WeightFormat> formats;
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    if (ggmlBlockOf(WeightFormat(i)).columns > 0) {
      formats.push_back(WeightFormat(i));
    }
  }
  return formats;
}

INSTANTIATE_TEST_SUITE_P(, GoldenWeightsTest, testing::ValuesIn(formatsOfGgml()),
                         [](const auto &each) { return std::string(nameOf(each.param)); });

} // namespace
} // namespace cria
