// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/Utf8Prefix.h"

#include <gtest/gtest.h>
#include <vector>

namespace cria {
namespace {

/// A row of the table of well-formed byte sequences in the Unicode standard (table 3-7): first bytes, the
/// size of their sequences, and the second bytes that may follow. All further bytes are 80 to BF.
struct Row {
  int first, last, size, secondFirst, secondLast;
};
constexpr Row kRows[] = {
    {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F}};

/// The number of bytes of a sequence that begins with these bytes; 0 if there is none.
int sizeByTable(const std::vector<uint8_t> &bytes) {
  for (const Row &row : kRows) {
    if (bytes[0] < row.first || bytes[0] > row.last) {
      continue;
    }
    for (size_t i = 1; i < bytes.size(); ++i) {
      if (bytes[i] < (i == 1 ? row.secondFirst : 0x80) || bytes[i] > (i == 1 ? row.secondLast : 0xBF)) {
        return 0;
      }
    }
    return row.size;
  }
  return 0;
}

/// Compares `prefix` with `byte` appended, and all continuations of it, with the table.
void expectAsInTable(utf8::Prefix prefix, std::vector<uint8_t> bytes, int byte) {
  bytes.push_back(static_cast<uint8_t>(byte));
  const int size = sizeByTable(bytes);
  ASSERT_EQ(prefix.add(static_cast<uint8_t>(byte)), size != 0) << ::testing::PrintToString(bytes);
  if (size == 0) {
    return;
  }
  ASSERT_EQ(prefix.size, size);
  ASSERT_EQ(prefix.missing, size - static_cast<int>(bytes.size())) << ::testing::PrintToString(bytes);
  for (int next = 0; next <= 0xFF && !prefix.isComplete(); next += bytes.size() == 1 ? 1 : 0x0D) {
    ASSERT_NO_FATAL_FAILURE(expectAsInTable(prefix, bytes, next));
  }
}

TEST(Utf8PrefixTest, FollowsTheTableOfWellFormedSequences) {
  for (int first = 0; first <= 0xFF; ++first) {
    ASSERT_NO_FATAL_FAILURE(expectAsInTable({}, {}, first));
  }
}

TEST(Utf8PrefixTest, BoundsWhatACharacterCanBecome) {
  utf8::Prefix llama; // U+1F999
  EXPECT_TRUE(llama.add(0xF0));
  EXPECT_EQ(llama.first(), 0x10000u);
  EXPECT_EQ(llama.last(), 0x3FFFFu);
  EXPECT_TRUE(llama.add(0x9F));
  EXPECT_EQ(llama.first(), 0x1F000u);
  EXPECT_TRUE(llama.add(0xA6));
  EXPECT_EQ(llama.last(), 0x1F9BFu);
  EXPECT_TRUE(llama.add(0x99));
  EXPECT_TRUE(llama.isComplete());
  EXPECT_EQ(llama.bits, 0x1F999u);
  utf8::Prefix surrogate;
  EXPECT_TRUE(surrogate.add(0xED));
  EXPECT_FALSE(surrogate.add(0xA0));
}

} // namespace
} // namespace cria
