// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the reference backend refuses to record, what it ignores, and the ops that fill weights.
#include "format/RandomWeights.h"
#include "plugins/sdk/cria_opset.hpp"
#include "tools/cria-plugin-test/RandomCalls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class ReferenceBackend : public testing::Test {
protected:
  Device device_{Backend::named("reference")};
  Random random_{3};
  OpCall norm_{"rms_norm",
               {{"input", randomMatrix(random_, 2, 8)},
                {"weight", randomVector(random_, 8, 1)},
                {"output", resultMatrix(random_, 2, 8), CRIA_ACCESS_WRITE}},
               {floatAttribute("epsilon", 1e-5)}};

  void expectRefusal(OpCall call, cria_status status, const std::string &text) {
    const Outcome outcome = run(device_, call);
    EXPECT_EQ(outcome.status, status) << outcome.message;
    EXPECT_THAT(outcome.message, AllOf(HasSubstr(text), HasSubstr("'" + call.op + "'")));
  }
};

TEST_F(ReferenceBackend, RunsTheOpset) { EXPECT_TRUE(run(device_, norm_).ok()); }

TEST_F(ReferenceBackend, NamesAnUnknownOp) {
  norm_.op = "layer_norm";
  expectRefusal(norm_, CRIA_STATUS_UNSUPPORTED, "unknown op");
}

TEST_F(ReferenceBackend, NamesAnUnknownAttribute) {
  norm_.attributes.push_back(intAttribute("axis", 1));
  expectRefusal(norm_, CRIA_STATUS_UNSUPPORTED, "'axis'");
}

TEST_F(ReferenceBackend, NamesAMissingAttributeAndOneOfTheWrongType) {
  norm_.attributes.clear();
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'epsilon' is missing");
  norm_.attributes = {textAttribute("epsilon", "small")};
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'epsilon'");
}

TEST_F(ReferenceBackend, NamesAMissingOperand) {
  norm_.arguments.erase(norm_.arguments.begin() + 1);
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'weight' is missing");
}

TEST_F(ReferenceBackend, NamesAnOperandOfTheWrongTypeRankOrExtent) {
  OpCall call = norm_;
  call.arguments[0].view = integerView({1, 2});
  expectRefusal(call, CRIA_STATUS_UNSUPPORTED, "'input'");
  call = norm_;
  call.arguments[1].view = randomMatrix(random_, 8, 8);
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT, "expected rank 1, got 2");
  call = norm_;
  call.arguments[1].view = randomVector(random_, 9);
  expectRefusal(call, CRIA_STATUS_INVALID_ARGUMENT, "expected K = 8 in dimension 0, got 9");
}

TEST_F(ReferenceBackend, RefusesShapesBeyondTheirWindow) {
  norm_.arguments[0].view.strides = {1000, 1};
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'input'");
  norm_.arguments[0].view.strides = {uint64_t{1} << 62, 1}; // times 4 bytes: wraps around to nothing
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'input'");
}

TEST_F(ReferenceBackend, RefusesToWriteWhatIsStatedAsRead) {
  norm_.arguments[2].access = CRIA_ACCESS_READ;
  expectRefusal(norm_, CRIA_STATUS_INVALID_ARGUMENT, "'output'");
}

// An unknown operand refuses the op when it is required, and is ignored when it is not.
TEST_F(ReferenceBackend, HeedsTheRequiredFlag) {
  cria_buffer *input = device_.allocate(std::vector<std::byte>(32));
  cria_buffer *output = device_.allocate(32);
  const auto operand = [](const char *name, cria_buffer *buffer, uint32_t access) {
    return Operand{.name = name, .buffer = buffer, .size = 32, .shape = {2, 4}, .access = access};
  };
  Entry entry{.name = "silu",
              .operands = {operand("input", input, CRIA_ACCESS_READ),
                           operand("output", output, CRIA_ACCESS_WRITE),
                           operand("bias", input, CRIA_ACCESS_READ)}};
  const Recording refused(device_, nullptr, {entry});
  EXPECT_EQ(refused.outcome().status, CRIA_STATUS_UNSUPPORTED);
  EXPECT_THAT(refused.outcome().message, HasSubstr("'bias'"));
  entry.operands[2].required = 0;
  EXPECT_TRUE(run(device_, nullptr, {entry}).ok());
  EXPECT_EQ(device_.download(output, 32), std::vector<std::byte>(32));
}

TEST_F(ReferenceBackend, NamesAnOperandWithoutABufferAndOneThatIsBoundTwice) {
  cria_buffer *input = device_.allocate(std::vector<std::byte>(32));
  cria_buffer *output = device_.allocate(32);
  const auto refusalOf = [&](const std::vector<cria_buffer *> &inputs) {
    Entry entry{
        .name = "silu",
        .operands = {
            {.name = "output", .buffer = output, .size = 32, .shape = {2, 4}, .access = CRIA_ACCESS_WRITE}}};
    for (cria_buffer *buffer : inputs) {
      entry.operands.push_back({.name = "input", .buffer = buffer, .size = 32, .shape = {2, 4}});
    }
    const Recording recording(device_, nullptr, {entry});
    EXPECT_EQ(recording.outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
    return recording.outcome().message;
  };
  EXPECT_THAT(refusalOf({nullptr}), AllOf(HasSubstr("'silu'"), HasSubstr("'input' has no buffer")));
  EXPECT_THAT(refusalOf({input, input}), HasSubstr("expected one operand 'input', got two"));
}

TEST_F(ReferenceBackend, ChecksTheLayoutOfTheCache) {
  const Batch batch = randomBatch(random_, {.pageTokens = 4});
  OpCall call{"kv_append",
              {{"key", randomMatrix(random_, batch.rows, 32)},
               {"value", randomMatrix(random_, batch.rows, 32)},
               {"slots", batch.slots}},
              {}};
  addCache(random_, batch, {.pageTokens = 4}, CRIA_ACCESS_WRITE, call);
  EXPECT_TRUE(run(device_, call).ok());
  OpCall wrong = call;
  wrong.arguments[3].view.shape[1] = 1; // no values
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "[P, 2, kv_heads, page_tokens, head_dim]");
  wrong = call;
  wrong.arguments[3].view.shape[3] = 64; // page_tokens: past the last page
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "'cache'");
  wrong = call;
  wrong.attributes.push_back(intAttribute("layer", 0)); // is in the offset
  expectRefusal(wrong, CRIA_STATUS_UNSUPPORTED, "'layer'");
  wrong = call;
  wrong.arguments[0].view = randomMatrix(random_, batch.rows, 30);
  wrong.arguments[1].view = randomMatrix(random_, batch.rows, 30);
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "32");
}

// Values of a step that point nowhere are said, not followed.
TEST_F(ReferenceBackend, RefusesIndicesOutsideTheirOperands) {
  const CacheShape shape{.layers = 1, .layer = 0, .kvHeads = 1, .headDim = 4, .pageTokens = 4};
  const auto attention = [&](int64_t position, int64_t sequence, int64_t slot, int64_t page) {
    Batch batch;
    batch.rows = 1;
    batch.pages = 2;
    OpCall call{"rope_attention",
                {{"query", randomMatrix(random_, 1, 4)},
                 {"key", randomMatrix(random_, 1, 4)},
                 {"value", randomMatrix(random_, 1, 4)},
                 {"table", ropeTable(6, 4)},
                 {"positions", integerView({position})},
                 {"sequences", integerView({sequence})},
                 {"slots", integerView({slot})},
                 {"sequence_starts", integerView({0, 1})},
                 {"block_table", denseView(CRIA_TYPE_I32, {1, 2}, {double(page), double(page)})}},
                {floatAttribute("scale", 0.5)}};
    addCache(random_, batch, shape, CRIA_ACCESS_READ_WRITE, call);
    call.arguments.push_back({"output", resultMatrix(random_, 1, 4), CRIA_ACCESS_WRITE});
    return run(device_, call).message;
  };
  EXPECT_EQ(attention(0, 0, 0, 0), "");
  EXPECT_EQ(attention(0, -1, -1, 99), ""); // a padding row looks at nothing
  EXPECT_THAT(attention(6, 0, 0, 0), HasSubstr("row 0: position 6 is outside the 6 rows of operand 'table'"));
  EXPECT_THAT(attention(-1, 0, 0, 0), HasSubstr("position -1"));
  EXPECT_THAT(attention(0, 0, 8, 0), HasSubstr("slot 8 is outside the 8 slots of the cache"));
  EXPECT_THAT(attention(0, 1, 0, 0), HasSubstr("position 0 of sequence 1 is outside operand 'block_table'"));
  EXPECT_THAT(attention(5, 0, 0, 2), HasSubstr("page 2 is outside the 2 pages of the cache"));
}

TEST_F(ReferenceBackend, ChecksFusedLinear) {
  OpCall call{"fused_linear",
              {{"input", randomMatrix(random_, 2, 8)},
               {"weight", randomMatrix(random_, 32, 8)},
               {"output", resultMatrix(random_, 2, 9), CRIA_ACCESS_WRITE}},
              {textAttribute("activation", "swiglu"), intAttribute("swiglu_block", 16)}};
  EXPECT_TRUE(run(device_, call).ok());
  OpCall wrong = call;
  wrong.attributes[0].text = "gelu";
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "'gelu'");
  wrong = call;
  wrong.attributes.pop_back();
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "swiglu_block");
  wrong = call;
  wrong.arguments[1].view = randomMatrix(random_, 18, 8);
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "expected 32 rows, got 18");
  wrong = call;
  wrong.arguments.push_back({"norm_weight", randomVector(random_, 8)});
  expectRefusal(wrong, CRIA_STATUS_INVALID_ARGUMENT, "epsilon");
}

TEST_F(ReferenceBackend, KnowsItsFormat) {
  const cria_backend_api &api = device_.api();
  const auto probe = [&](const std::string &format, uint32_t version) {
    const cria_executable_info info{.struct_size = sizeof(info),
                                    .kernel_abi = version,
                                    .format = {format.data(), format.size()},
                                    .features = {}};
    uint32_t score = 7;
    const Outcome outcome =
        outcomeOf([&](cria_message *message) { return api.probe(0, &info, &score, message); });
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(score == 0, !outcome.message.empty());
    cria_code *code = nullptr;
    EXPECT_EQ(device_.load(info, {}, "", &code).status,
              score != 0 ? CRIA_STATUS_OK : CRIA_STATUS_INCOMPATIBLE_CODE);
    return score != 0;
  };
  for (uint32_t version = 1; version <= cria::opset::kVersion; ++version) {
    EXPECT_TRUE(probe("cria.ops.v1", version)) << version;
  }
  EXPECT_FALSE(probe("cria.ops.v1", 0));
  EXPECT_FALSE(probe("cria.ops.v1", cria::opset::kVersion + 1));
  EXPECT_FALSE(probe("elf.x86_64", 1));
}

TEST_F(ReferenceBackend, HasOneDevice) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = cria::opset::kVersion,
                                  .format = cria::plugin::string(cria::opset::kFormat),
                                  .features = {}};
  uint32_t score = 0;
  const auto probe = [&](uint32_t number) {
    return outcomeOf(
        [&](cria_message *message) { return device_.api().probe(number, &info, &score, message); });
  };
  EXPECT_TRUE(probe(0).ok());
  const Outcome outcome = probe(1);
  EXPECT_EQ(outcome.status, CRIA_STATUS_NOT_FOUND);
  EXPECT_THAT(outcome.message, HasSubstr("expected device 0, got 1"));
}

TEST_F(ReferenceBackend, FillsOnes) {
  OpCall call{"fill_ones",
              {{"weight", denseView(CRIA_TYPE_F32, {5}, std::vector<double>(5, -3)), CRIA_ACCESS_WRITE}},
              {}};
  ASSERT_TRUE(run(device_, call).ok());
  EXPECT_THAT(call["weight"].array->values, testing::Each(1.0));
}

/// As docs/generated/opset.md defines it, written once more.
double randomElement(uint32_t key, uint32_t row, uint32_t column, uint32_t columns) {
  const auto mix = [](uint32_t h) {
    h = (h ^ h >> 16) * 0x85EBCA6Bu;
    h = (h ^ h >> 13) * 0xC2B2AE35u;
    return h ^ h >> 16;
  };
  const auto byte = static_cast<int8_t>(mix(mix(key + row) ^ (column * 0x9E3779B1u)) >> 24);
  return std::ldexp(byte, -static_cast<int>(std::ceil(std::log2(74 * std::sqrt(columns)))));
}

// Rows of a second tensor, interleaved in blocks behind those of a first one.
TEST_F(ReferenceBackend, FillsRandomWeightsAsTheCompilerDefinesThem) {
  constexpr uint32_t kSeed = 42, kRows = 10, kColumns = 24, kBlock = 4;
  const uint32_t tensor = cria::randomTensorId("model.layers.0.mlp.up_proj.weight");
  const cria::RandomSegment segment{.tensorKey = cria::randomTensorKey(kSeed, tensor),
                                    .rows = kRows,
                                    .firstRow = kBlock,
                                    .block = kBlock,
                                    .stride = 2 * kBlock,
                                    .columns = 0,
                                    .reserved = {}};
  const std::vector<double> constants{double(segment.tensorKey), kRows, kBlock, kBlock, 2 * kBlock, 0, 0, 0};
  View weight = randomMatrix(random_, 24, kColumns, CRIA_TYPE_F16);
  OpCall call{
      "fill_random",
      {{"constants", denseView(CRIA_TYPE_U32, {8}, constants)}, {"weight", weight, CRIA_ACCESS_WRITE}},
      {}};
  std::vector<double> expected = weight.array->values;
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t column = 0; column < kColumns; ++column) {
      expected[weight.index(segment.destinationRow(row), column)] =
          randomElement(segment.tensorKey, row, column, kColumns);
    }
  }
  const Outcome outcome = run(device_, call);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_THAT(weight.array->values, testing::Pointwise(testing::NanSensitiveDoubleEq(), expected));
}

} // namespace
