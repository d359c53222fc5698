// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of dispatches, by the descriptions of their operands.
#include "runtime/exec/DispatchBytes.h"

#include <gtest/gtest.h>

namespace cria::test {
namespace {

constexpr Extent kTokens{.kind = ExtentKind::tokens}, kSequences{.kind = ExtentKind::sequences},
    kStarts{.kind = ExtentKind::sequencesPlusOne}, kPages{.kind = ExtentKind::pages};

Extent constant(uint64_t value) { return {.value = value}; }

ProgramBinding binding(const char *name, BufferSpace space, uint32_t access, ElementType type,
                       std::vector<Extent> shape) {
  return {.name = name,
          .bufferName = name,
          .buffer = {.space = space},
          .access = access,
          .type = type,
          .shape = std::move(shape)};
}

ProgramBinding read(const char *name, BufferSpace space, ElementType type, std::vector<Extent> shape) {
  return binding(name, space, CRIA_ACCESS_READ, type, std::move(shape));
}
ProgramBinding write(const char *name, BufferSpace space, ElementType type, std::vector<Extent> shape) {
  return binding(name, space, CRIA_ACCESS_WRITE, type, std::move(shape));
}

/// Two sequences in a step of 4 rows, one of which is padding: one at positions 8 and 9, one at position 3.
class DispatchBytesTest : public testing::Test {
protected:
  DispatchBytesTest() {
    program_.limits = {
        .maxTokens = 8, .maxSequences = 5, .maxOutputs = 8, .maxPagesPerSequence = 4, .context = 64};
    program_.kv = {.pageTokens = 16, .pageBytes = 4096, .type = ElementType::f16};
    step_.numTokens = 4;
    step_.numOutputs = 2;
  }

  uint64_t bytes(std::vector<ProgramBinding> bindings) const {
    const ProgramDispatch dispatch{.bindings = std::move(bindings)};
    StepPositions positions;
    positions.set(batch_);
    const DispatchBytes bytes = bytesOf(program_, step_, positions, dispatch);
    return bytes.read + bytes.written;
  }

  std::vector<int32_t> tokens_ = {1, 2, 3, 0}, rows_ = {8, 9, 3, 0}, starts_ = {0, 2, 3};
  Batch batch_{.tokens = tokens_, .positions = rows_, .sequenceStarts = starts_};
  Program program_;
  CommandBuffer step_;
};

TEST_F(DispatchBytesTest, PositionsAreThoseOfTheBatch) {
  StepPositions positions;
  positions.set(batch_);
  EXPECT_EQ(positions.sequences, 2u);
  EXPECT_EQ(positions.cached, 10u + 4);
  EXPECT_EQ(positions.attended, (std::vector<uint64_t>{9, 10, 4}));
}

TEST_F(DispatchBytesTest, OfALinearLayerAreItsOperandsOnce) {
  EXPECT_EQ(bytes({read("input", BufferSpace::buffer, ElementType::f32, {kTokens, constant(32)}),
                   read("weight", BufferSpace::weight, ElementType::f16, {constant(48), constant(32)}),
                   read("norm_weight", BufferSpace::weight, ElementType::f32, {constant(32)}),
                   write("output", BufferSpace::buffer, ElementType::f32, {kTokens, constant(48)})}),
            4u * 32 * 4 + 48 * 32 * 2 + 32 * 4 + 4 * 48 * 4);
}

// A page of one layer: 2 KV heads with 16 positions of 8 keys and 8 values.
TEST_F(DispatchBytesTest, OfAttentionAreThePositionsOfItsSequences) {
  EXPECT_EQ(bytes({read("query", BufferSpace::buffer, ElementType::f32, {kTokens, constant(32)}),
                   read("sequence_starts", BufferSpace::step, ElementType::i32, {kStarts}),
                   read("block_table", BufferSpace::step, ElementType::i32, {kSequences, constant(4)}),
                   read("cache", BufferSpace::kv, ElementType::f16, {kPages, constant(2), constant(256)}),
                   write("output", BufferSpace::buffer, ElementType::f32, {kTokens, constant(32)})}),
            4u * 32 * 4 + 3 * 4 + 2 * 4 * 4 + 14 * 2 * 16 * 2 + 4 * 32 * 4);
}

TEST_F(DispatchBytesTest, OfRopeAreItsRowsOfTableAndCache) {
  EXPECT_EQ(bytes({read("key", BufferSpace::buffer, ElementType::f32, {kTokens, constant(16)}),
                   read("table", BufferSpace::weight, ElementType::f32, {constant(64), constant(8)}),
                   write("cache", BufferSpace::kv, ElementType::f16, {kPages, constant(2), constant(256)}),
                   write("output", BufferSpace::buffer, ElementType::f32, {kTokens, constant(32)})}),
            4u * 16 * 4 + 4 * 8 * 4 + 4 * 2 * 16 * 2 + 4 * 32 * 4);
}

TEST_F(DispatchBytesTest, OfALookUpAreTheRowsOfItsResult) {
  EXPECT_EQ(bytes({read("tokens", BufferSpace::step, ElementType::i32, {kTokens}),
                   read("table", BufferSpace::weight, ElementType::i8, {constant(1000), constant(32)}),
                   read("table.scales", BufferSpace::weight, ElementType::f16, {constant(1000), constant(1)}),
                   write("output", BufferSpace::buffer, ElementType::f32, {kTokens, constant(32)})}),
            4u * 4 + 4 * 32 + 4 * 2 + 4 * 32 * 4);
}

// Of a context of 64: segments of 8 positions, of which the rows have 2, 2 and 1; of 32, one each.
TEST_F(DispatchBytesTest, OfResultsBySegmentsAreThoseThatRowsHave) {
  auto partial = [&](uint64_t segments) {
    return bytes({write("partial", BufferSpace::buffer, ElementType::f32,
                        {kTokens, constant(3), constant(segments), constant(10)})});
  };
  EXPECT_EQ(partial(8), 5u * 3 * 10 * 4);
  EXPECT_EQ(partial(2), 3u * 3 * 10 * 4);
}

// 22 segments do not divide the context of 64: they have 4 positions, not 3.
TEST_F(DispatchBytesTest, SegmentsHaveAPowerOfTwoOfPositions) {
  EXPECT_EQ(bytes({read("partial", BufferSpace::buffer, ElementType::f32,
                        {kTokens, constant(1), constant(22), constant(10)})}),
            7u * 10 * 4);
}

TEST_F(DispatchBytesTest, OfWhatIsReadAndWrittenCountTwice) {
  EXPECT_EQ(bytes({binding("output", BufferSpace::buffer, CRIA_ACCESS_READ_WRITE, ElementType::f32,
                           {kTokens, constant(32)})}),
            2u * 4 * 32 * 4);
}

} // namespace
} // namespace cria::test
