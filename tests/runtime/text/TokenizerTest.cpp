// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Tokenizer.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>
#include <thread>

namespace cria {
namespace {

using Ids = std::vector<int32_t>;

TEST(TokenizerTest, KnowsItsIds) {
  const auto tokenizer = openGolden();
  EXPECT_EQ(tokenizer->size(), 768);
  EXPECT_EQ(tokenizer->unknownId(), 0);
  EXPECT_EQ(tokenizer->bosId(), 1);
  EXPECT_EQ(tokenizer->eosId(), 2);
  EXPECT_EQ(tokenizer->piece(1), "<s>");
  EXPECT_EQ(tokenizer->find("</s>"), 2);
  EXPECT_EQ(tokenizer->find("no such piece"), std::nullopt);
  EXPECT_EQ(tokenizer->kind(0), TokenKind::unknown);
  EXPECT_EQ(tokenizer->kind(1), TokenKind::control);
  EXPECT_EQ(tokenizer->kind(13), TokenKind::byte);
  EXPECT_EQ(tokenizer->surface(13), "\n");
  EXPECT_EQ(tokenizer->surface(1), "");
  EXPECT_EQ(tokenizer->surface(0), " \u2047 ");
  EXPECT_EQ(tokenizer->surface(394), " [");
  EXPECT_EQ(tokenizer->surface(394, TextPosition::startOfText), "[");
  EXPECT_EQ(tokenizer->textPrefix(), " ");
}

TEST(TokenizerTest, IdsOutsideHaveNoText) {
  const auto tokenizer = openGolden();
  EXPECT_EQ(tokenizer->kind(768), TokenKind::unused);
  EXPECT_EQ(tokenizer->kind(-1), TokenKind::unused);
  EXPECT_EQ(tokenizer->surface(768), "");
  EXPECT_EQ(tokenizer->piece(-1), "");
  EXPECT_EQ(tokenizer->decode(Ids{-1, 581, 768, 540, 1 << 30}), "Hello");
}

TEST(TokenizerTest, EncodesContinuations) {
  const auto tokenizer = openGolden();
  const StatusOr<Ids> with = tokenizer->encode("\nHello");
  const StatusOr<Ids> without = tokenizer->encode("\nHello", TextPosition::continuation);
  ASSERT_TRUE(with.ok() && without.ok());
  ASSERT_FALSE(without->empty());
  EXPECT_EQ(without->front(), 13);
  EXPECT_EQ(tokenizer->decode(*without, TextPosition::continuation), "\nHello");
  EXPECT_EQ(tokenizer->decode(*with, TextPosition::continuation), " \nHello");
  EXPECT_TRUE(tokenizer->encode("", TextPosition::continuation)->empty());
}

TEST(TokenizerTest, ControlPiecesInTextAreText) {
  const auto tokenizer = openGolden();
  for (const TextPosition position : {TextPosition::startOfText, TextPosition::continuation}) {
    const StatusOr<Ids> ids = tokenizer->encode("<s></s><unk><0x0A>", position);
    ASSERT_TRUE(ids.ok());
    for (const int32_t id : *ids) {
      EXPECT_EQ(tokenizer->kind(id), TokenKind::normal);
    }
    EXPECT_EQ(tokenizer->decode(*ids, position), "<s></s><unk><0x0A>");
  }
}

TEST(TokenizerTest, KeepsNulBytes) {
  const auto tokenizer = openGolden();
  const std::string text("a\0\0b", 4);
  const StatusOr<Ids> ids = tokenizer->encode(text);
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(tokenizer->decode(*ids), text);
}

TEST(TokenizerTest, NamesTheByteThatIsNoUtf8) {
  const auto tokenizer = openGolden();
  const StatusOr<Ids> ids = tokenizer->encode("caf\xE9 au lait");
  ASSERT_FALSE(ids.ok());
  EXPECT_EQ(ids.status().code(), StatusCode::invalidArgument);
  EXPECT_THAT(ids.status().message(), testing::HasSubstr("at byte 3 (0xE9)"));
  EXPECT_FALSE(tokenizer->encode("end \xE2\x82").ok());
}

TEST(TokenizerTest, RefusesMissingAndForeignFiles) {
  const auto missing = openTokenizer(kSentencePieceKind, "/no/such/tokenizer.model");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), StatusCode::notFound);
  EXPECT_NE(missing.status().message().find("/no/such/tokenizer.model"), std::string::npos);
  const auto foreign = openTokenizer(kSentencePieceKind, CRIA_SOURCE_DIR "/CMakeLists.txt");
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.status().message().find("CMakeLists.txt"), std::string::npos);
  EXPECT_FALSE(openTokenizer(kSentencePieceKind, CRIA_SOURCE_DIR).ok());
}

TEST(TokenizerTest, RefusesUnknownKinds) {
  const auto tokenizer = loadTokenizer("wordpiece", "", "vocab.txt");
  EXPECT_EQ(tokenizer.status().code(), StatusCode::unsupported);
  EXPECT_NE(tokenizer.status().message().find("expected the kind 'sentencepiece', got 'wordpiece'"),
            std::string::npos);
}

TEST(TokenizerTest, ServesSeveralThreads) {
  const auto tokenizer = openGolden();
  const Ids expected = *tokenizer->encode("Hello world", TextPosition::continuation);
  const auto fresh = openGolden();
  std::vector<std::thread> threads;
  std::vector<int> same(4, 0);
  for (int &result : same) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        result += *fresh->encode("Hello world", TextPosition::continuation) == expected ? 1 : 0;
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(same, std::vector<int>(4, 50));
}

} // namespace
} // namespace cria
