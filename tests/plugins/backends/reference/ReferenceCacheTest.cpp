// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The KV cache in 8 bits on the reference backend: codes and scales against the definition, and attention
// against a cache that holds the values in f32.
#include "format/KvCodec.h"
#include "tools/cria-plugin-test/RandomCalls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

constexpr uint64_t kKvHeads = 2, kHeadDim = 10, kPageTokens = 4, kWidth = kKvHeads * kHeadDim,
                   kQueryWidth = 2 * kWidth;

class ReferenceCache : public testing::Test {
protected:
  static View zeros(uint32_t type, std::vector<uint64_t> shape) {
    uint64_t size = 1;
    for (const uint64_t extent : shape) {
      size *= extent;
    }
    return denseView(type, std::move(shape), std::vector<double>(size, 0));
  }
  Random random_{7};
  /// Sequences without earlier positions, all of whose rows are in the step.
  Batch batch_ = randomBatch(
      random_, {.sequences = 3, .maxPast = 0, .maxNew = 9, .paddingRows = 1, .pageTokens = kPageTokens});
  View codes_ = zeros(CRIA_TYPE_I8, {batch_.pages, 2, kKvHeads, kPageTokens, kHeadDim});
  View scales_ = zeros(CRIA_TYPE_F16, {batch_.pages, 2, kKvHeads, kPageTokens});
  View key_ = randomMatrix(random_, batch_.rows, kWidth), value_ = randomMatrix(random_, batch_.rows, kWidth),
       query_ = randomMatrix(random_, batch_.rows, kQueryWidth);

  void addCache(OpCall &call, uint32_t access) const {
    call.arguments.push_back({"cache", codes_, access});
    call.arguments.push_back({"cache.scales", scales_, access});
  }
  OpCall append() const {
    OpCall call{"kv_append", {{"key", key_}, {"value", value_}, {"slots", batch_.slots}}, {}};
    addCache(call, kWrite);
    return call;
  }
  OpCall attention(const View &query) {
    OpCall call{"attention", {{"query", query}}, {}};
    addStep(call);
    addCache(call, CRIA_ACCESS_READ);
    return call;
  }
  void addStep(OpCall &call) {
    call.arguments.insert(call.arguments.end(),
                          {{"positions", batch_.positions},
                           {"sequences", batch_.sequences},
                           {"sequence_starts", batch_.sequenceStarts},
                           {"block_table", batch_.blockTable},
                           {"output", resultMatrix(random_, batch_.rows, kQueryWidth), kWrite}});
    call.attributes.push_back(floatAttribute("scale", 0.3));
  }
  void runs(OpCall call) {
    const Outcome outcome = run(device_, call);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
  }
  void expectRefusal(OpCall call, const std::string &text) {
    const Outcome outcome = run(device_, call);
    EXPECT_EQ(outcome.status, CRIA_STATUS_INVALID_ARGUMENT);
    EXPECT_THAT(outcome.message, HasSubstr(text));
  }
  /// The results of the rows with a sequence.
  std::vector<double> results(const OpCall &call) {
    runs(call);
    std::vector<double> values;
    for (uint64_t row = 0; row < batch_.rows; ++row) {
      for (uint64_t i = 0; i < kQueryWidth && batch_.sequences.integer(row) >= 0; ++i) {
        values.push_back(call["output"].at(row, i));
      }
    }
    return values;
  }

  Device device_{Backend::named("reference")};
};

/// The vector of a row of keys or values and a KV head.
std::vector<float> vectorOf(const View &rows, uint64_t row, uint64_t head) {
  std::vector<float> vector;
  for (uint64_t i = 0; i < kHeadDim; ++i) {
    vector.push_back(static_cast<float>(rows.at(row, head * kHeadDim + i)));
  }
  return vector;
}

TEST_F(ReferenceCache, AppendEncodesAsTheDefinition) {
  value_.array->values[value_.index(0, 3)] = std::numeric_limits<double>::infinity();
  std::ranges::fill(key_.array->values, 0.0);
  key_.array->values[key_.index(1, 0)] = 0x1p-18;
  runs(append());
  for (uint64_t row = 0; row < batch_.rows; ++row) {
    const int64_t slot = batch_.slots.integer(row);
    for (uint64_t place = 0; place < 2 * kKvHeads && slot >= 0; ++place) {
      const bool isValue = place >= kKvHeads;
      const std::vector<float> vector = vectorOf(isValue ? value_ : key_, row, place % kKvHeads);
      const uint64_t at = (static_cast<uint64_t>(slot) / kPageTokens * 2 * kKvHeads + place) * kPageTokens +
                          static_cast<uint64_t>(slot) % kPageTokens;
      const uint16_t scale = cria::kvScaleOf(vector);
      EXPECT_EQ(cria::halfFromFloat(static_cast<float>(scales_.array->values[at])), scale);
      for (uint64_t i = 0; i < kHeadDim; ++i) {
        EXPECT_EQ(codes_.array->values[at * kHeadDim + i], cria::kvCodeOf(vector[i], scale));
      }
    }
  }
}

TEST_F(ReferenceCache, AttentionReadsTheValuesOfCodes) {
  runs(append());
  std::vector<double> values;
  for (size_t i = 0; i < codes_.array->values.size(); ++i) {
    values.push_back(codes_.array->values[i] * scales_.array->values[i / kHeadDim]);
  }
  OpCall wide = attention(query_);
  wide.arguments.pop_back(); // the scales
  wide.arguments.back().view = denseView(CRIA_TYPE_F32, codes_.shape, values);
  EXPECT_EQ(results(attention(query_)), results(wide));
}

TEST_F(ReferenceCache, RopeAttentionIsRopeThenAppendThenAttention) {
  const View table = ropeTable(batch_.maxPosition + 1, kHeadDim);
  OpCall fused{
      "rope_attention",
      {{"query", query_}, {"key", key_}, {"value", value_}, {"table", table}, {"slots", batch_.slots}},
      {}};
  addStep(fused);
  addCache(fused, CRIA_ACCESS_READ_WRITE);
  const std::vector<double> expected = results(fused);
  std::ranges::fill(codes_.array->values, 0.0);
  const auto rotated = [&](const View &rows, uint64_t width) {
    View output = resultMatrix(random_, batch_.rows, width);
    runs({"rope",
          {{"input", rows}, {"positions", batch_.positions}, {"table", table}, {"output", output, kWrite}},
          {intAttribute("head_dim", kHeadDim)}});
    return output;
  };
  key_ = rotated(key_, kWidth);
  runs(append());
  EXPECT_EQ(results(attention(rotated(query_, kQueryWidth))), expected);
}

TEST_F(ReferenceCache, CodesHaveScalesAndNothingElseHas) {
  OpCall call = append();
  call.arguments.pop_back();
  expectRefusal(call, "expected operand 'cache.scales' with a cache of type i8");
  call = append();
  call.arguments[3].view = zeros(CRIA_TYPE_F16, codes_.shape);
  expectRefusal(call, "expected operand 'cache.scales' with a cache of type i8, and with no other");
  call = append();
  call.arguments[4].view = zeros(CRIA_TYPE_F16, {batch_.pages, 2, kKvHeads, kPageTokens + 1});
  expectRefusal(call, "'cache.scales': expected the shape of the cache without head_dim");
}

} // namespace
