// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Tokenizer.h"
#include "tests/runtime/text/GoldenFiles.h"

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
  EXPECT_EQ(tokenizer->printed(13), "\n");
  EXPECT_EQ(tokenizer->printed(1), "");
  EXPECT_EQ(tokenizer->printed(0), " \u2047 ");
  EXPECT_EQ(tokenizer->printed(394), " [");
  EXPECT_TRUE(tokenizer->stripsLeadingSpace());
}

TEST(TokenizerTest, IdsOutsidePrintNothing) {
  const auto tokenizer = openGolden();
  EXPECT_EQ(tokenizer->kind(768), TokenKind::unused);
  EXPECT_EQ(tokenizer->kind(-1), TokenKind::unused);
  EXPECT_EQ(tokenizer->printed(768), "");
  EXPECT_EQ(tokenizer->piece(-1), "");
  EXPECT_EQ(tokenizer->decode(Ids{-1, 581, 768, 540, 1 << 30}), "Hello");
}

TEST(TokenizerTest, EncodesWithoutDummyPrefix) {
  const auto tokenizer = openGolden();
  const StatusOr<Ids> with = tokenizer->encode("\nHello");
  const StatusOr<Ids> without = tokenizer->encode("\nHello", false);
  ASSERT_TRUE(with.ok() && without.ok());
  ASSERT_FALSE(without->empty());
  EXPECT_EQ(without->front(), 13);
  EXPECT_EQ(tokenizer->decode(*without, true), "\nHello");
  EXPECT_EQ(tokenizer->decode(*with, true), " \nHello");
  EXPECT_TRUE(tokenizer->encode("", false)->empty());
}

TEST(TokenizerTest, ControlPiecesInTextAreText) {
  const auto tokenizer = openGolden();
  for (const bool prefix : {true, false}) {
    const StatusOr<Ids> ids = tokenizer->encode("<s></s><unk><0x0A>", prefix);
    ASSERT_TRUE(ids.ok());
    for (const int32_t id : *ids) {
      EXPECT_EQ(tokenizer->kind(id), TokenKind::normal);
    }
    EXPECT_EQ(tokenizer->decode(*ids, !prefix), "<s></s><unk><0x0A>");
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
  EXPECT_EQ(ids.status().message(), "text is not UTF-8 at byte 3 (0xE9); convert it to UTF-8");
  EXPECT_FALSE(tokenizer->encode("end \xE2\x82").ok());
}

TEST(TokenizerTest, RefusesMissingAndForeignFiles) {
  const auto missing = Tokenizer::open("/no/such/tokenizer.model");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), StatusCode::io);
  EXPECT_NE(missing.status().message().find("/no/such/tokenizer.model"), std::string::npos);
  const auto foreign = Tokenizer::open(std::filesystem::path(CRIA_SOURCE_DIR) / "CMakeLists.txt");
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.status().message().find("CMakeLists.txt"), std::string::npos);
  EXPECT_FALSE(Tokenizer::open(CRIA_SOURCE_DIR).ok());
}

TEST(TokenizerTest, ServesSeveralThreads) {
  const auto tokenizer = openGolden();
  const Ids expected = *tokenizer->encode("Hello world", false);
  const auto fresh = openGolden(); // its second processor is made while all ask for it
  std::vector<std::thread> threads;
  std::vector<int> same(4, 0);
  for (int &result : same) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        result += *fresh->encode("Hello world", false) == expected ? 1 : 0;
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
