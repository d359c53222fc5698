// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KvPool: pages that sequences hold, share and release, in fixed and in random schedules.
#include "runtime/exec/KvPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint32_t kPageTokens = 4;
constexpr int32_t kZero = 0;

/// Pages as arrays of numbers, one per position.
class FakePages : public PageOperations {
public:
  explicit FakePages(uint32_t numPages) : pages(numPages, std::vector<int32_t>(kPageTokens, -7)) {}
  Status zeroPage(uint32_t page) override {
    if (failNext) {
      failNext = false;
      return error(StatusCode::deviceLost, "no answer");
    }
    pages[page].assign(kPageTokens, kZero);
    return {};
  }
  Status copyPage(uint32_t destination, uint32_t source) override {
    ++numCopies;
    pages[destination] = pages[source];
    return {};
  }

  std::vector<std::vector<int32_t>> pages;
  int numCopies = 0;
  bool failNext = false;
};

/// A sequence and the values that it should read.
struct Tracked {
  KvSequence kv;
  std::vector<int32_t> expected;
};

void append(Tracked &sequence, FakePages &memory, int32_t value) {
  ASSERT_TRUE(sequence.kv.reserve(1).ok());
  int32_t slot = sequence.kv.slot(sequence.kv.length());
  memory.pages[static_cast<size_t>(slot) / kPageTokens][static_cast<size_t>(slot) % kPageTokens] = value;
  sequence.kv.commit(sequence.kv.length() + 1);
  sequence.expected.push_back(value);
}

void check(const Tracked &sequence, const FakePages &memory) {
  ASSERT_EQ(sequence.kv.length(), sequence.expected.size());
  for (uint32_t i = 0; i < sequence.expected.size(); ++i) {
    size_t slot = static_cast<size_t>(sequence.kv.slot(i));
    ASSERT_EQ(memory.pages[slot / kPageTokens][slot % kPageTokens], sequence.expected[i]) << "position " << i;
  }
}

TEST(KvPool, HandsOutZeroedPagesAndTakesThemBack) {
  FakePages memory(3);
  KvPool pool(3, kPageTokens, 8, memory);
  {
    KvSequence sequence(pool);
    ASSERT_TRUE(sequence.reserve(9).ok());
    EXPECT_EQ(pool.numFreePages(), 0u);
    EXPECT_EQ(sequence.slot(0), 0);
    EXPECT_EQ(sequence.slot(8), 2 * int32_t(kPageTokens));
    EXPECT_EQ(memory.pages[2], std::vector<int32_t>(kPageTokens, kZero));
    sequence.commit(9);
    sequence.truncate(4);
    EXPECT_EQ(pool.numFreePages(), 2u);
  }
  EXPECT_EQ(pool.numFreePages(), 3u);
}

TEST(KvPool, ReportsWhenItIsFullAndKeepsWhatIsFilled) {
  FakePages memory(2);
  KvPool pool(2, kPageTokens, 8, memory);
  KvSequence sequence(pool);
  ASSERT_TRUE(sequence.reserve(3).ok());
  sequence.commit(3);
  Status status = sequence.reserve(7);
  EXPECT_EQ(status.code(), StatusCode::outOfMemory);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("2 pages (4 positions each)"), HasSubstr("--kv-memory")));
  EXPECT_EQ(sequence.length(), 3u);
  EXPECT_EQ(pool.numFreePages(), 1u);
}

TEST(KvPool, RefusesMoreThanASequenceMayHold) {
  FakePages memory(9);
  KvPool pool(9, kPageTokens, 2, memory);
  KvSequence sequence(pool);
  EXPECT_THAT(sequence.reserve(9).message(), AllOf(HasSubstr("at most 8 positions"), HasSubstr("got 9")));
}

TEST(KvPool, GivesAPageBackThatCouldNotBeZeroed) {
  FakePages memory(2);
  KvPool pool(2, kPageTokens, 2, memory);
  memory.failNext = true;
  KvSequence sequence(pool);
  EXPECT_EQ(sequence.reserve(1).code(), StatusCode::deviceLost);
  EXPECT_EQ(pool.numFreePages(), 2u);
}

TEST(KvPool, ForksShareUntilOneWritesAndThenCopyOnePage) {
  FakePages memory(8);
  KvPool pool(8, kPageTokens, 8, memory);
  Tracked first{KvSequence(pool), {}};
  for (int32_t i = 0; i < 6; ++i) {
    append(first, memory, 10 + i);
  }
  Tracked second{first.kv.fork(), first.expected};
  EXPECT_EQ(pool.numFreePages(), 6u);
  append(second, memory, 99);
  EXPECT_EQ(memory.numCopies, 1);
  EXPECT_EQ(pool.numFreePages(), 5u);
  append(first, memory, 16);
  EXPECT_EQ(memory.numCopies, 1) << "the page is the first one's alone by now";
  check(first, memory);
  check(second, memory);
}

TEST(KvPool, AForkAtAPageBoundaryCopiesNothing) {
  FakePages memory(8);
  KvPool pool(8, kPageTokens, 8, memory);
  Tracked first{KvSequence(pool), {}};
  for (int32_t i = 0; i < 4; ++i) {
    append(first, memory, i);
  }
  Tracked second{first.kv.fork(), first.expected};
  append(first, memory, 50);
  append(second, memory, 60);
  EXPECT_EQ(memory.numCopies, 0);
  check(first, memory);
  check(second, memory);
}

/// Checks that the pages that sequences hold equal the counts, and that no page that is written is shared.
void checkInvariants(const KvPool &pool, const std::vector<Tracked> &sequences) {
  std::map<int32_t, uint32_t> holders;
  for (const Tracked &sequence : sequences) {
    ASSERT_EQ(sequence.kv.pages().size(), pool.pagesFor(sequence.kv.length()));
    for (int32_t page : sequence.kv.pages()) {
      ++holders[page];
    }
  }
  ASSERT_EQ(pool.numFreePages() + holders.size(), pool.numPages());
  for (uint32_t page = 0; page < pool.numPages(); ++page) {
    auto held = holders.find(static_cast<int32_t>(page));
    ASSERT_EQ(pool.references(page), held == holders.end() ? 0 : held->second);
  }
}

class KvPoolSchedule : public testing::TestWithParam<uint32_t> {};

TEST_P(KvPoolSchedule, KeepsEverySequenceApart) {
  std::mt19937 random(GetParam());
  FakePages memory(64);
  KvPool pool(64, kPageTokens, 16, memory);
  std::vector<Tracked> sequences;
  for (int32_t step = 0; step < 600; ++step) {
    uint32_t action = random() % 10;
    size_t chosen = sequences.empty() ? 0 : random() % sequences.size();
    if (sequences.empty() || (action == 0 && sequences.size() < 8)) {
      sequences.push_back({KvSequence(pool), {}});
    } else if (action == 1 && sequences.size() < 8) {
      sequences.push_back({sequences[chosen].kv.fork(), sequences[chosen].expected});
    } else if (action == 2) {
      uint32_t length = random() % (sequences[chosen].kv.length() + 1);
      sequences[chosen].kv.truncate(length);
      sequences[chosen].expected.resize(length);
    } else if (action == 3 && sequences.size() > 3) {
      sequences.erase(sequences.begin() + static_cast<ptrdiff_t>(chosen));
    } else if (sequences[chosen].kv.length() < 28) {
      append(sequences[chosen], memory, step);
    }
    checkInvariants(pool, sequences);
    for (const Tracked &sequence : sequences) {
      check(sequence, memory);
    }
    ASSERT_FALSE(HasFatalFailure()) << "step " << step;
  }
  sequences.clear();
  EXPECT_EQ(pool.numFreePages(), pool.numPages());
}
INSTANTIATE_TEST_SUITE_P(Seeds, KvPoolSchedule, testing::Range(1u, 21u));

} // namespace
} // namespace cria
