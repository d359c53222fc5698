// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of the reference backend in each class of activations and format, bit for bit, with scalar code of
// this file, which shares none with the backend: it decodes by the codec of the compiler, and packs by other
// formulas.
#include "format/WeightRow.h"
#include "support/FloatMode.h"
#include "tests/plugins/backends/reference/EncodedRows.h"

#include <cmath>
#include <gmock/gmock.h>

namespace cria::conformance {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kRows = 6, kColumns = 300; // a short last group and a short last super-group
constexpr uint32_t kNanBits = 0x7FC00000u;

using Row = std::vector<float>;

/// A group of activations: value = step · code.
struct Group {
  float step = 0;
  std::vector<float> codes;
};

float rounded(double value) { return static_cast<float>(value); }

float largestOf(const Row &x, size_t first, size_t last) {
  float largest = 0;
  for (size_t k = first; k < last; ++k) {
    largest = std::fmax(largest, std::fabs(x[k]));
  }
  return largest < 0x1p-100f ? 0 : largest;
}

/// max · (1 / 127), by one rounding of the exact product.
float stepOf(float largest) { return rounded(double{largest} * double{1.0f / 127.0f}); }

float powerAbove(float value) {
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);
  return value == 0 ? 0 : std::ldexp(1.0f, fraction == 0.5f ? exponent - 1 : exponent);
}

float baseOf(const Row &x) {
  return std::fmax(std::ldexp(powerAbove(stepOf(largestOf(x, 0, x.size()))), -24), 0x1p-126f);
}

Group packGroup(const Row &x, size_t first, bool hasPowers) {
  const size_t last = std::min(first + 32, x.size());
  const float step = stepOf(largestOf(x, first, last));
  Group group{hasPowers ? std::fmax(powerAbove(step), baseOf(x)) : step, {}};
  for (size_t k = first; k < last; ++k) {
    const float scaled = hasPowers ? x[k] / group.step : x[k] * rounded(1.0 / group.step);
    group.codes.push_back(step == 0 ? 0 : std::nearbyint(scaled));
  }
  return group;
}

float productOf(const Row &x, EncodedRows &weight, uint64_t n, bool hasPowers) {
  const size_t run = std::min<size_t>(32, size_t(weight.format.group));
  const RowPlanes planes = planesOf(weight.format, weight.row(n), x.size());
  const std::array<float, 256> meanings = codeValues(weight.format);
  std::vector<uint8_t> codes((x.size() + 7) / 8 * 8);
  loadCodes(weight.format, planes.codes, 0, std::span(codes).first(x.size()));
  float y = 0;
  for (size_t first = 0; first < x.size(); first += run) {
    const Group group = packGroup(x, first / 32 * 32, hasPowers);
    const GroupTerms terms = termsOf(weight.format, planes, first / size_t(weight.format.group));
    double products = 0, sum = 0;
    for (size_t k = first; k < std::min(first + run, x.size()); ++k) {
      const double q = group.codes[k % 32];
      products += q * (double{meanings[codes[k]]} - double{terms.zero});
      sum += q;
    }
    if (!hasPowers) {
      y = std::fma(float(products), terms.scale * group.step, y);
      y = std::fma(terms.offset, float(sum) * group.step, y);
      continue;
    }
    const float power = group.step / baseOf(x);
    const float shifted = products == 0 && power > 1 ? std::ldexp(power, -127) : float(products) * power;
    y = std::fma(shifted, terms.scale, y);
    y = std::fma(terms.offset, float(sum) * power, y);
  }
  return hasPowers ? y * baseOf(x) : y;
}

/// Inputs with the edge cases: normal values with groups of many magnitudes, zeros, subnormal numbers, groups
/// around 2^-100, ties, NaN, infinities.
std::vector<Row> edgeRows(Random &random) {
  std::vector<Row> rows(10, Row(kColumns));
  for (Row &row : rows) {
    for (size_t k = 0; k < kColumns; ++k) {
      row[k] = static_cast<float>(std::ldexp(random.normal(), -int(k / 32)));
    }
  }
  std::ranges::fill(rows[1], -0.0f);
  std::ranges::fill(rows[2], 0x1p-140f);
  std::ranges::fill(rows[3], std::nextafter(0x1p-100f, 0.0f));
  std::ranges::fill(rows[4], -0x1p-100f);
  for (size_t k = 0; k < 32; ++k) {
    rows[5][k] = k == 0 ? 127.0f : static_cast<float>(k) - 15.5f;
    rows[5][k + 32] = std::ldexp(rows[5][k + 32], -110);
    rows[5][k + 64] = k % 2 == 0 ? 1.0f : -1.0f; // sums of 0 with an exponent
  }
  rows[6][kColumns - 1] = NAN;
  rows[7][0] = INFINITY;
  rows[8][17] = -INFINITY;
  return rows;
}

View viewOf(const std::vector<Row> &rows) {
  std::vector<double> values;
  for (const Row &row : rows) {
    values.insert(values.end(), row.begin(), row.end());
  }
  return denseView(CRIA_TYPE_F32, {rows.size(), rows[0].size()}, values);
}

bool isFinite(const Row &row) {
  return std::ranges::all_of(row, [](float value) { return std::isfinite(value); });
}

uint32_t bitsOf(double value) { return std::bit_cast<uint32_t>(static_cast<float>(value)); }

class ReferenceActivations : public testing::Test {
protected:
  OpCall linear(const std::string &activations, uint64_t numOutputs = kRows) {
    const std::vector<double> zeros(inputs_.size() * numOutputs, 0);
    return {"linear",
            {{"output", denseView(CRIA_TYPE_F32, {inputs_.size(), numOutputs}, zeros), CRIA_ACCESS_WRITE},
             {"input", viewOf(inputs_)}},
            {textAttribute("activations", activations)}};
  }

  Device device_{Backend::named("reference")};
  Random random_{7};
  std::vector<Row> inputs_ = edgeRows(random_);
};

TEST_F(ReferenceActivations, Int8EqualsScalarCodeInEveryFormat) {
  for (const WeightFormatTraits &format : kWeightFormats) {
    if (isDense(format)) {
      continue;
    }
    EncodedRows weight = encodeRandom(random_, format, kRows, kColumns);
    OpCall call = linear("int8");
    bindWeight(call, weight);
    const Outcome outcome = run(device_, call);
    ASSERT_TRUE(outcome.ok()) << format.name << ": " << outcome.message;
    const FloatMode mode;
    for (uint64_t t = 0; t < inputs_.size(); ++t) {
      for (uint64_t n = 0; n < kRows; ++n) {
        const uint32_t expected =
            isFinite(inputs_[t]) ? bitsOf(productOf(inputs_[t], weight, n, format.bits < 8)) : kNanBits;
        EXPECT_EQ(bitsOf(call["output"].at(t, n)), expected) << format.name << ", row " << t << ", " << n;
      }
    }
  }
}

TEST_F(ReferenceActivations, Bf16AddsTheOddColumnOfEachPairFirst) {
  const View weight = randomMatrix(random_, kRows, kColumns, CRIA_TYPE_BF16);
  OpCall call = linear("bf16");
  call.arguments.push_back({"weight", weight});
  ASSERT_TRUE(run(device_, call).ok());
  const FloatMode mode;
  for (uint64_t t = 0; t < inputs_.size(); ++t) {
    for (uint64_t n = 0; isFinite(inputs_[t]) && n < kRows; ++n) {
      float y = 0;
      for (uint64_t k = 0; k < kColumns; ++k) {
        const uint64_t at = k ^ 1; // the number of columns is even
        const uint32_t bits = std::bit_cast<uint32_t>(inputs_[t][at]);
        const uint32_t upper = bits >> 16, rest = bits & 0xFFFFu; // of equally near values the even one
        const uint32_t nearest = upper + (rest > 0x8000u || (rest == 0x8000u && upper % 2 == 1) ? 1 : 0);
        y = std::fma(std::bit_cast<float>(nearest << 16), static_cast<float>(weight.at(n, at)), y);
      }
      EXPECT_EQ(bitsOf(call["output"].at(t, n)), bitsOf(y)) << "row " << t << ", " << n;
    }
  }
}

TEST_F(ReferenceActivations, F32IsOneChainOfFma) {
  const View weight = randomMatrix(random_, kRows, kColumns, CRIA_TYPE_F16);
  OpCall call = linear("f32");
  call.arguments.push_back({"weight", weight});
  ASSERT_TRUE(run(device_, call).ok());
  const FloatMode mode;
  for (uint64_t t = 0; t < inputs_.size(); ++t) {
    for (uint64_t n = 0; isFinite(inputs_[t]) && n < kRows; ++n) {
      float y = 0;
      for (uint64_t k = 0; k < kColumns; ++k) {
        y = std::fma(inputs_[t][k], static_cast<float>(weight.at(n, k)), y);
      }
      EXPECT_EQ(bitsOf(call["output"].at(t, n)), bitsOf(y)) << "row " << t << ", " << n;
    }
  }
}

// The epilogue follows the product: the residual is added to y · base.
TEST_F(ReferenceActivations, FusedLinearAddsTheResidualLast) {
  EncodedRows weight = encodeRandom(random_, traitsOf(WeightFormat::q4_k), kRows, kColumns);
  OpCall call = linear("int8"), fused = linear("int8");
  bindWeight(call, weight);
  bindWeight(fused, weight);
  const View residual = randomMatrix(random_, inputs_.size(), kRows);
  fused.op = "fused_linear";
  fused.attributes.push_back(textAttribute("activation", "none"));
  fused.arguments.push_back({"residual", residual});
  ASSERT_TRUE(run(device_, call).ok());
  ASSERT_TRUE(run(device_, fused).ok());
  for (uint64_t t = 0; t < inputs_.size(); ++t) {
    for (uint64_t n = 0; n < kRows; ++n) {
      const float sum = static_cast<float>(residual.at(t, n)) + static_cast<float>(call["output"].at(t, n));
      EXPECT_EQ(bitsOf(fused["output"].at(t, n)), bitsOf(sum));
    }
  }
}

TEST_F(ReferenceActivations, NamesClassesThatDoNotMultiplyTheFormat) {
  EncodedRows weight = encodeRandom(random_, traitsOf(WeightFormat::q8_0), kRows, kColumns);
  OpCall call = linear("bf16");
  bindWeight(call, weight);
  Outcome outcome = run(device_, call);
  EXPECT_EQ(outcome.status, CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.message, HasSubstr("activations 'bf16' do not multiply weights in format 'q8_0'"));
  OpCall dense = linear("int8");
  dense.arguments.push_back({"weight", randomMatrix(random_, kRows, kColumns, CRIA_TYPE_F16)});
  outcome = run(device_, dense);
  EXPECT_EQ(outcome.status, CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.message, HasSubstr("activations 'int8' do not multiply weights in format 'f16'"));
}

TEST_F(ReferenceActivations, NamesClassesThatTheOpsetDoesNotHave) {
  for (const std::string name : {"f16", "a8", ""}) {
    OpCall call = linear(name);
    call.arguments.push_back({"weight", randomMatrix(random_, kRows, kColumns, CRIA_TYPE_F16)});
    const Outcome outcome = run(device_, call);
    EXPECT_EQ(outcome.status, CRIA_STATUS_UNSUPPORTED);
    EXPECT_THAT(outcome.message,
                AllOf(HasSubstr("'activations' has unknown value"), HasSubstr("'" + name + "'")));
  }
}

} // namespace
} // namespace cria::conformance
