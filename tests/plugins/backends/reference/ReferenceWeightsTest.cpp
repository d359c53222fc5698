// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops of the reference backend with weights in formats with codes, against the same ops with the decoded
// values.
#include "format/RandomRow.h"
#include "format/RandomWeights.h"
#include "tests/plugins/backends/reference/EncodedRows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::AllOf;
using testing::HasSubstr;

namespace {

constexpr uint64_t kGroup = 32;

/// Codes, scales, and the values that they stand for.
struct Encoded {
  View codes, scales, values;
};

class ReferenceWeights : public testing::Test {
protected:
  Encoded randomWeight(uint64_t rows, uint64_t columns) {
    const uint64_t groups = (columns + kGroup - 1) / kGroup;
    std::vector<double> codes, scales, values;
    for (uint64_t i = 0; i < rows * groups; ++i) {
      scales.push_back(std::ldexp(static_cast<double>(random_.between(1, 2047)), -14)); // f16 holds them
    }
    for (uint64_t i = 0; i < rows * columns; ++i) {
      codes.push_back(static_cast<double>(random_.between(0, 254)) - 127);
      values.push_back(codes.back() * scales[i / columns * groups + i % columns / kGroup]);
    }
    return {denseView(CRIA_TYPE_I8, {rows, columns}, codes), denseView(CRIA_TYPE_F16, {rows, groups}, scales),
            denseView(CRIA_TYPE_F32, {rows, columns}, values)};
  }

  static void bind(OpCall &call, const std::string &name, const Encoded &weight) {
    call.arguments.push_back({name, weight.codes});
    call.arguments.push_back({name + ".scales", weight.scales});
    call.attributes.push_back(textAttribute("format", "q8_0"));
  }

  /// Runs the call with the weight in q8_0 and with its values, and compares the results.
  void expectSameResults(const OpCall &call, const std::string &name, const Encoded &weight) {
    OpCall encoded = call, dense = call;
    bind(encoded, name, weight);
    dense.arguments.push_back({name, weight.values});
    for (OpCall *each : {&encoded, &dense}) {
      each->arguments[0].view = denseView(CRIA_TYPE_F32, outputShape_, std::vector<double>(numOutputs(), 0));
      const Outcome outcome = run(device_, *each);
      ASSERT_TRUE(outcome.ok()) << outcome.message;
    }
    EXPECT_EQ(encoded["output"].array->values, dense["output"].array->values);
  }
  uint64_t numOutputs() const { return outputShape_[0] * outputShape_[1]; }

  OpCall linear() {
    outputShape_ = {3, 6};
    return {"linear", {{"output", {}, CRIA_ACCESS_WRITE}, {"input", randomMatrix(random_, 3, 70)}}, {}};
  }
  void expectRefusal(OpCall call, cria_status status, const std::string &text) {
    call.arguments[0].view = denseView(CRIA_TYPE_F32, outputShape_, std::vector<double>(numOutputs(), 0));
    const Outcome outcome = run(device_, call);
    EXPECT_EQ(outcome.status, status) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr(text));
  }

  Device device_{Backend::named("reference")};
  Random random_{5};
  std::vector<uint64_t> outputShape_;
};

TEST_F(ReferenceWeights, LinearDecodesWithAShortLastGroup) {
  expectSameResults(linear(), "weight", randomWeight(6, 70));
}

// 300 columns: a short last group and a short last super-group.
TEST_F(ReferenceWeights, LinearDecodesEveryFormat) {
  constexpr uint64_t kRows = 5, kColumns = 300;
  for (const cria::WeightFormatTraits &format : cria::kWeightFormats) {
    if (isDense(format)) {
      continue;
    }
    EncodedRows rows = encodeRandom(random_, format, kRows, kColumns);
    outputShape_ = {3, kRows};
    OpCall encoded{
        "linear", {{"output", {}, CRIA_ACCESS_WRITE}, {"input", randomMatrix(random_, 3, kColumns)}}, {}};
    OpCall dense = encoded;
    bindWeight(encoded, rows);
    dense.arguments.push_back({"weight", denseView(CRIA_TYPE_F32, {kRows, kColumns}, decodeAll(rows))});
    for (OpCall *each : {&encoded, &dense}) {
      each->arguments[0].view = denseView(CRIA_TYPE_F32, outputShape_, std::vector<double>(numOutputs(), 0));
      const Outcome outcome = run(device_, *each);
      ASSERT_TRUE(outcome.ok()) << format.name << ": " << outcome.message;
    }
    EXPECT_EQ(encoded["output"].array->values, dense["output"].array->values) << format.name;
  }
}

TEST_F(ReferenceWeights, FusedLinearDecodes) {
  outputShape_ = {3, 16};
  OpCall call{"fused_linear",
              {{"output", {}, CRIA_ACCESS_WRITE}, {"input", randomMatrix(random_, 3, 64)}},
              {textAttribute("activation", "swiglu"), intAttribute("swiglu_block", 16)}};
  expectSameResults(call, "weight", randomWeight(32, 64));
}

TEST_F(ReferenceWeights, EmbeddingDecodes) {
  outputShape_ = {4, 40};
  OpCall call{"embedding", {{"output", {}, CRIA_ACCESS_WRITE}, {"tokens", integerView({3, 0, -1, 9})}}, {}};
  expectSameResults(call, "table", randomWeight(10, 40));
}

TEST_F(ReferenceWeights, RandomWeightsHaveTheDenseValues) {
  constexpr uint64_t kRows = 3, kColumns = 70;
  const View constants = denseView(CRIA_TYPE_U32, {8}, {1234567, kRows, 0, kRows, kRows, 0, 0, 0});
  const Encoded weight = randomWeight(kRows, kColumns);
  OpCall encoded{"fill_random", {{"constants", constants}}, {textAttribute("format", "q8_0")}};
  encoded.arguments.push_back({"weight", weight.codes, CRIA_ACCESS_WRITE});
  encoded.arguments.push_back({"weight.scales", weight.scales, CRIA_ACCESS_WRITE});
  OpCall dense{"fill_random", {{"constants", constants}, {"weight", weight.values, CRIA_ACCESS_WRITE}}, {}};
  ASSERT_TRUE(run(device_, encoded).ok());
  ASSERT_TRUE(run(device_, dense).ok());
  for (uint64_t row = 0; row < kRows; ++row) {
    for (uint64_t column = 0; column < kColumns; ++column) {
      EXPECT_EQ(encoded["weight"].at(row, column) * encoded["weight.scales"].at(row, column / kGroup),
                dense["weight"].at(row, column));
    }
  }
}

/// A call that fills all rows of a weight of zeros.
OpCall fillRandomCall(EncodedRows &rows, uint64_t key, uint64_t statedColumns) {
  const std::vector<double> words{double(key),          double(rows.numRows),  0, double(rows.numRows),
                                  double(rows.numRows), double(statedColumns), 0, 0};
  OpCall call{"fill_random", {{"constants", denseView(CRIA_TYPE_U32, {8}, words)}}, {}};
  bindWeight(call, rows);
  for (size_t i = 1; i < call.arguments.size(); ++i) {
    call.arguments[i].access = CRIA_ACCESS_WRITE;
  }
  return call;
}

// 300 columns: a short last group and a short last super-group.
TEST_F(ReferenceWeights, RandomWeightsOfEveryFormatAreThoseOfTheDefinition) {
  constexpr uint64_t kRows = 3, kColumns = 300, kKey = 1234567;
  for (const cria::WeightFormatTraits &format : cria::kWeightFormats) {
    if (isDense(format)) {
      continue;
    }
    EncodedRows rows{format, kRows, kColumns, {}};
    rows.bytes.resize(kRows * rows.rowSize());
    OpCall call = fillRandomCall(rows, kKey, kColumns);
    const Outcome outcome = run(device_, call);
    ASSERT_TRUE(outcome.ok()) << format.name << ": " << outcome.message;
    for (uint64_t row = 0; row < kRows; ++row) {
      encodeRandomRow(format, cria::randomRowKey(kKey, uint32_t(row)), kColumns, rows.row(row));
    }
    const OpCall expected = fillRandomCall(rows, kKey, kColumns);
    for (size_t i = 1; i < call.arguments.size(); ++i) {
      EXPECT_EQ(call.arguments[i].view.array->values, expected.arguments[i].view.array->values)
          << format.name << ": " << call.arguments[i].name;
    }
  }
}

// Uniform codes have the stated mean square, which the scale makes about 1 / K.
TEST_F(ReferenceWeights, RandomRowsHaveAVarianceNearOne) {
  constexpr int64_t kColumns = 4096;
  for (const cria::WeightFormatTraits &format : cria::kWeightFormats) {
    if (isDense(format)) {
      continue;
    }
    std::vector<std::byte> row(rowBytes(format, kColumns));
    std::vector<float> values(kColumns);
    encodeRandomRow(format, cria::randomRowKey(9, 1), kColumns, row.data());
    decodeRow(format, row.data(), values);
    double squares = 0, sum = 0;
    for (const float value : values) {
      squares += double(value) * value;
      sum += value;
    }
    EXPECT_GT(squares, 0.2) << format.name;
    EXPECT_LT(squares, 1.1) << format.name;
    EXPECT_LT(std::fabs(sum), 8) << format.name;
  }
}

TEST_F(ReferenceWeights, RandomCodesNeedTheirNumberOfColumns) {
  EncodedRows rows{traitsOf(cria::WeightFormat::q4_0), 2, 70, {}};
  rows.bytes.resize(2 * rows.rowSize());
  OpCall call = fillRandomCall(rows, 1, /*statedColumns=*/64);
  const Outcome outcome = run(device_, call);
  EXPECT_EQ(outcome.status, CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.message, HasSubstr("with the columns of operand 'constants': expected an operand"));
}

TEST_F(ReferenceWeights, NamesWhatIsWrong) {
  const Encoded weight = randomWeight(6, 70);
  OpCall call = linear();
  call.arguments.push_back({"weight", weight.codes});
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT, "operand 'weight' of codes needs attribute 'format'");
  call.attributes = {textAttribute("format", "q8_0")};
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT,
                "expected an operand 'weight.scales' of f16 with 3 columns");
  call.arguments.push_back({"weight.scales", randomWeight(6, 64).scales});
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT, "of f16 with 3 columns");
  call.arguments.back().view = randomWeight(5, 70).scales;
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT, "expected N = 6");
}

TEST_F(ReferenceWeights, NamesFormatsThatItDoesNotImplement) {
  OpCall call = linear();
  bind(call, "weight", randomWeight(6, 70));
  OpCall other = call;
  other.attributes = {textAttribute("format", "q9_9")};
  expectRefusal(other, CRIA_STATUS_UNSUPPORTED, "format 'q9_9'");
  other.attributes = {textAttribute("format", "f16")};
  expectRefusal(other, CRIA_STATUS_UNSUPPORTED, "format 'f16'");
}

} // namespace
