// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batches that are refused, and the contents of the step buffer.
#include "runtime/exec/StepInput.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria {
namespace {

BatchLimits someLimits() {
  ProgramLimits program = {
      .maxTokens = 8, .maxSequences = 3, .maxOutputs = 4, .maxPagesPerSequence = 2, .context = 7};
  return {.program = program, .vocabSize = 10, .pageTokens = 4, .numPages = 5};
}

/// Two sequences: positions 3..4 on pages 2 and 4, and position 0 on page 0; one padding row.
struct Arrays {
  std::vector<int32_t> tokens = {1, 2, 3, 0}, positions = {3, 4, 0, 0}, sequences = {0, 0, 1, -1},
                       slots = {11, 16, 0, -1}, starts = {0, 2, 3}, blocks = {2, 4, 0, -1}, outputs = {1, 2};

  Batch batch() const {
    return {.tokens = tokens,
            .positions = positions,
            .sequences = sequences,
            .slots = slots,
            .sequenceStarts = starts,
            .blockTable = blocks,
            .outputs = outputs};
  }
};

struct Refusal {
  std::string name;
  std::function<void(Arrays &)> change;
  std::vector<std::string> fragments;
};

class BatchRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(BatchRefusal, ReportsWhatIsWrong) {
  Arrays arrays;
  ASSERT_TRUE(checkBatch(arrays.batch(), someLimits()).ok());
  GetParam().change(arrays);
  Status status = checkBatch(arrays.batch(), someLimits());
  EXPECT_EQ(status.code(), StatusCode::invalidArgument);
  EXPECT_THAT(status.message(), testing::StartsWith("batch: "));
  for (const std::string &fragment : GetParam().fragments) {
    EXPECT_THAT(status.message(), testing::HasSubstr(fragment));
  }
}

const Refusal kRefusals[] = {
    {"NoTokens", [](Arrays &a) { a.tokens.clear(); }, {"1 to 8 tokens", "got 0"}},
    {"ManyTokens", [](Arrays &a) { a.tokens.resize(9); }, {"1 to 8 tokens", "got 9"}},
    {"FewPositions", [](Arrays &a) { a.positions.pop_back(); }, {"4 positions", "got 3, 4 and 4"}},
    {"NoStarts", [](Arrays &a) { a.starts.clear(); }, {"1 to 4 sequence", "got 0"}},
    {"ManySequences", [](Arrays &a) { a.starts.resize(5, 3); }, {"1 to 4 sequence", "got 5"}},
    {"ShortBlockTable", [](Arrays &a) { a.blocks.pop_back(); }, {"block table", "[2, 2]", "got 3"}},
    {"ManyOutputs", [](Arrays &a) { a.outputs.resize(5); }, {"at most 4 outputs", "got 5"}},
    {"StartNotZero",
     [](Arrays &a) { a.starts[0] = 1; },
     {"sequence_starts", "at most 4", "got 1", "index 0"}},
    {"StartsDescend",
     [](Arrays &a) { a.starts = {0, 3, 2}; },
     {"sequence_starts", "at most 4", "got 2", "index 2"}},
    {"StartBeyond", [](Arrays &a) { a.starts[2] = 5; }, {"sequence_starts", "at most 4", "got 5", "index 2"}},
    {"OutputsDescend", [](Arrays &a) { a.outputs = {2, 1}; }, {"outputs below 3", "got 1", "index 1"}},
    {"OutputOfPadding", [](Arrays &a) { a.outputs = {3}; }, {"outputs below 3", "got 3", "index 0"}},
    {"NegativeOutput", [](Arrays &a) { a.outputs = {-1}; }, {"outputs below 3", "got -1", "index 0"}},
    {"BigToken", [](Arrays &a) { a.tokens[1] = 10; }, {"row 1", "token id from 0 to 9", "got 10"}},
    {"NegativeToken", [](Arrays &a) { a.tokens[2] = -1; }, {"row 2", "token id from 0 to 9", "got -1"}},
    {"BigTokenInPadding", [](Arrays &a) { a.tokens[3] = 99; }, {"row 3", "token id from 0 to 9", "got 99"}},
    {"WrongSequence", [](Arrays &a) { a.sequences[1] = 1; }, {"row 1", "expected sequence 0", "got 1"}},
    {"PositionJumps", [](Arrays &a) { a.positions[1] = 5; }, {"row 1", "position below 7", "got 5"}},
    {"PositionBeyondContext", [](Arrays &a) { a.positions[2] = 7; }, {"row 2", "position below 7", "got 7"}},
    {"NegativePosition", [](Arrays &a) { a.positions[2] = -1; }, {"row 2", "position below 7", "got -1"}},
    {"AbsentPage",
     [](Arrays &a) { a.blocks[1] = -1; },
     {"sequence 0", "page from 0 to 4", "position 4", "got -1"}},
    {"PageOutsidePool",
     [](Arrays &a) { a.blocks[0] = 5; },
     {"sequence 0", "page from 0 to 4", "position 0", "got 5"}},
    {"WrongSlot", [](Arrays &a) { a.slots[0] = 12; }, {"row 0", "slot 11", "position 3", "got 12"}},
    {"PaddingWithSlot",
     [](Arrays &a) { a.slots[3] = 3; },
     {"row 3", "sequence -1 and slot -1", "got -1 and 3"}},
};
INSTANTIATE_TEST_SUITE_P(All, BatchRefusal, testing::ValuesIn(kRefusals),
                         [](const auto &info) { return info.param.name; });

StepLayout someLayout() {
  StepLayout layout;
  layout.size = 4 * 80;
  uint64_t lengths[] = {1, 1, 1, 8, 8, 8, 8, 4, 6, 4}, offset = 0;
  for (uint32_t i = 0; i < kNumStepFields; ++i) {
    layout.fields[i] = {.offset = offset, .length = lengths[i]};
    offset += 4 * lengths[i];
  }
  return layout;
}

std::vector<int32_t> fieldOf(const StepInput &input, StepFieldKind kind) {
  StepField field = someLayout()[kind];
  auto words = input.words().subspan(field.offset / 4, field.length);
  return {words.begin(), words.end()};
}

TEST(StepInput, LaysOutABatchWithPadding) {
  StepInput input(someLayout(), someLimits().program);
  input.write(Arrays().batch(), 6);
  EXPECT_EQ(fieldOf(input, StepFieldKind::numTokens), std::vector<int32_t>{6});
  EXPECT_EQ(fieldOf(input, StepFieldKind::numOutputs), std::vector<int32_t>{2});
  EXPECT_EQ(fieldOf(input, StepFieldKind::numSequences), std::vector<int32_t>{2});
  std::vector<int32_t> sequences = fieldOf(input, StepFieldKind::sequences),
                       slots = fieldOf(input, StepFieldKind::slots);
  EXPECT_EQ(std::vector<int32_t>(sequences.begin(), sequences.begin() + 6),
            (std::vector<int32_t>{0, 0, 1, -1, -1, -1}));
  EXPECT_EQ(std::vector<int32_t>(slots.begin(), slots.begin() + 6),
            (std::vector<int32_t>{11, 16, 0, -1, -1, -1}));
  EXPECT_EQ(fieldOf(input, StepFieldKind::sequenceStarts), (std::vector<int32_t>{0, 2, 3, 3}));
  EXPECT_EQ(fieldOf(input, StepFieldKind::blockTable), (std::vector<int32_t>{2, 4, 0, -1, -1, -1}));
}

TEST(StepInput, ForgetsTheSequencesOfTheStepBefore) {
  StepInput input(someLayout(), someLimits().program);
  input.write(Arrays().batch(), 4);
  Arrays one;
  one.tokens = {1}, one.positions = {0}, one.sequences = {0}, one.slots = {4}, one.starts = {0, 1};
  one.blocks = {1, -1}, one.outputs = {0};
  input.write(one.batch(), 1);
  EXPECT_EQ(fieldOf(input, StepFieldKind::blockTable), (std::vector<int32_t>{1, -1, -1, -1, -1, -1}));
  EXPECT_EQ(fieldOf(input, StepFieldKind::sequenceStarts), (std::vector<int32_t>{0, 1, 1, 1}));
}

} // namespace
} // namespace cria
