// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StreamingDecoder.h"
#include "tests/runtime/text/GoldenFiles.h"

namespace cria {
namespace {

TEST(StreamingDecoderTest, HoldsBackIncompleteCharacters) {
  const auto tokenizer = openGolden();
  StreamingDecoder decoder(*tokenizer);
  const auto byte = [](uint8_t value) { return 3 + value; };
  EXPECT_EQ(decoder.push(byte(0xE2)), "");
  EXPECT_EQ(decoder.push(byte(0x82)), "");
  EXPECT_EQ(decoder.pending(), "\xE2\x82");
  EXPECT_EQ(decoder.push(byte(0xAC)), "\u20AC");
  EXPECT_EQ(decoder.push(byte(0xF0)), "");
  EXPECT_EQ(decoder.finish(), "\uFFFD");
  EXPECT_EQ(decoder.pending(), "");
}

TEST(StreamingDecoderTest, ReplacesTornBytesWhenTextFollows) {
  const auto tokenizer = openGolden();
  StreamingDecoder decoder(*tokenizer);
  EXPECT_EQ(decoder.push(3 + 0xE2), "");
  EXPECT_EQ(decoder.push(3 + 0x82), "");
  EXPECT_EQ(decoder.push(394), "\uFFFD\uFFFD [");
}

TEST(StreamingDecoderTest, DropsOneSpaceAtTheStartAlone) {
  const auto tokenizer = openGolden();
  StreamingDecoder answer(*tokenizer);
  EXPECT_EQ(answer.push(1), "");
  EXPECT_EQ(answer.push(394), "[");
  EXPECT_EQ(answer.push(394), " [");
  StreamingDecoder completion(*tokenizer, TextPosition::continuation);
  EXPECT_EQ(completion.push(394), " [");
}

TEST(StreamingDecoderTest, KeepsSpacesBetweenChunks) {
  const auto tokenizer = openGolden();
  StreamingDecoder decoder(*tokenizer);
  EXPECT_EQ(decoder.push(394), "[");
  EXPECT_EQ(decoder.finish(), "");
  EXPECT_EQ(decoder.push(581), " "); // the text continues
  EXPECT_EQ(decoder.push(394), " [");
}

} // namespace
} // namespace cria
