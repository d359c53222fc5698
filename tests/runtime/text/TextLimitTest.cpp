// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TextLimit.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

constexpr size_t kMiB = size_t(1) << 20;

TEST(TextLimitTest, NeverRefusesWhatMayFit) {
  const auto tokenizer = openGolden();
  EXPECT_TRUE(checkTextLength(std::string(kMiB, 'a'), *tokenizer, 1).ok());
  size_t longest = 0;
  for (int32_t id = 0; id < tokenizer->size(); ++id) {
    longest = std::max(longest, tokenizer->piece(id).size());
  }
  const auto context = static_cast<uint32_t>(2 * kMiB);
  EXPECT_TRUE(checkTextLength(std::string(longest * context, 'a'), *tokenizer, context).ok());
  EXPECT_FALSE(checkTextLength(std::string(longest * context + 1, 'a'), *tokenizer, context).ok());
}

TEST(TextLimitTest, NamesBothLengths) {
  const auto tokenizer = openGolden();
  const Status refused = checkTextLength(std::string(kMiB + 1, 'a'), *tokenizer, 512);
  EXPECT_EQ(refused.code(), StatusCode::invalidArgument);
  EXPECT_THAT(refused.message(), testing::HasSubstr("at most 1048576 bytes for a context of 512 tokens"));
  EXPECT_THAT(refused.message(), testing::HasSubstr("got 1048577"));
}

} // namespace
} // namespace cria
