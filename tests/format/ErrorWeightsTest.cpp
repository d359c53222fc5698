// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoding with errors that count differently by column.
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace cria {
namespace {

constexpr size_t kColumns = 1024, kRows = 20;

/// Numbers as of trained weights, and of columns whose inputs differ by orders of magnitude.
struct Columns {
  Columns() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (std::vector<float> &row : rows) {
      for (float &value : row) {
        value = 0.02f * normal(random);
      }
    }
    for (float &weight : weights) {
      weight = std::exp(1.5f * normal(random));
    }
  }
  std::vector<std::vector<float>> rows = std::vector(kRows, std::vector<float>(kColumns));
  std::vector<float> weights = std::vector<float>(kColumns);
};

class ErrorWeightsTest : public testing::TestWithParam<WeightFormat> {
protected:
  std::vector<std::byte> encode(const std::vector<float> &values, std::span<const float> weights) const {
    std::vector<std::byte> row(rowBytes(format_, kColumns));
    EXPECT_EQ(encodeRow(format_, values, row.data(), weights), std::nullopt);
    return row;
  }
  /// The sum of squared errors, weighted, over all rows encoded with `weights`.
  double errorWith(std::span<const float> weights) const {
    double sum = 0;
    std::vector<float> decoded(kColumns);
    for (const std::vector<float> &row : columns_.rows) {
      decodeRow(format_, encode(row, weights).data(), decoded);
      for (size_t i = 0; i < kColumns; ++i) {
        sum += columns_.weights[i] * (double(row[i]) - decoded[i]) * (double(row[i]) - decoded[i]);
      }
    }
    return sum;
  }

  const WeightFormatTraits &format_ = traitsOf(GetParam());
  const Columns columns_;
};

TEST_P(ErrorWeightsTest, LowerTheWeightedError) {
  const double ratio = errorWith(columns_.weights) / errorWith({});
  if (searchesCodes(format_)) {
    EXPECT_LT(ratio, format_.group > int64_t(kColumns) ? 1 : 0.95); // a long group has little to choose
  } else {
    EXPECT_TRUE(ratio == 1 || std::isnan(ratio)) << ratio; // f32 has no error
  }
}

TEST_P(ErrorWeightsTest, EqualOnesChangeNothing) {
  for (const std::vector<float> &row : columns_.rows) {
    EXPECT_EQ(encode(row, std::vector<float>(kColumns, 1.0f)), encode(row, {}));
    EXPECT_EQ(encode(row, std::vector<float>(kColumns, 4.0f)), encode(row, {}));
  }
}

// The sums of the search lose no values beside columns that count a thousand times more.
TEST_P(ErrorWeightsTest, ColumnsThatCountLittleKeepTheirValues) {
  std::vector<float> weights(kColumns, 1e-3f), decoded(kColumns);
  weights[0] = kColumns; // the rest of its group is searched for this value alone
  for (const std::vector<float> &row : columns_.rows) {
    decodeRow(format_, encode(row, weights).data(), decoded);
    double error = 0, squares = 0;
    for (size_t i = 256; i < kColumns; ++i) {
      error += (double(row[i]) - decoded[i]) * (double(row[i]) - decoded[i]);
      squares += double(row[i]) * row[i];
    }
    EXPECT_LT(error, 0.05 * squares);
  }
}

std::vector<WeightFormat> allFormats() {
  std::vector<WeightFormat> formats;
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    formats.push_back(WeightFormat(i));
  }
  return formats;
}

INSTANTIATE_TEST_SUITE_P(, ErrorWeightsTest, testing::ValuesIn(allFormats()),
                         [](const auto &each) { return std::string(nameOf(each.param)); });

} // namespace
} // namespace cria
