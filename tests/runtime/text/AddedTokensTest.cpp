// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<int32_t>;

class AddedTokensTest : public testing::Test {
protected:
  void SetUp() override {
    base_ = openGolden();
    size_ = base_->size();
  }
  static std::unique_ptr<Tokenizer> add(std::vector<AddedToken> tokens,
                                        PrefixRule prefix = PrefixRule::always) {
    StatusOr<std::unique_ptr<Tokenizer>> tokenizer =
        withAddedTokens(openGolden(), {.tokens = std::move(tokens), .eosId = 2, .prefix = prefix});
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    return std::move(tokenizer).value();
  }
  static std::string refusalOf(std::vector<AddedToken> tokens) {
    return withAddedTokens(openGolden(), {.tokens = std::move(tokens)}).status().message();
  }

  std::unique_ptr<Tokenizer> base_;
  int32_t size_ = 0;
};

TEST_F(AddedTokensTest, ContinueTheIdsOfTheModel) {
  const auto tokenizer = add({{size_, "<|im_start|>", true}, {size_ + 1, "two words", false}});
  EXPECT_EQ(tokenizer->size(), size_ + 2);
  EXPECT_EQ(tokenizer->find("<|im_start|>"), size_);
  EXPECT_EQ(tokenizer->kind(size_), TokenKind::control);
  EXPECT_EQ(tokenizer->kind(size_ + 1), TokenKind::normal);
  EXPECT_EQ(tokenizer->piece(size_ + 1), "two words");
  EXPECT_EQ(tokenizer->kind(size_ + 2), TokenKind::unused);
}

TEST_F(AddedTokensTest, LeaveTheOtherIdsAlone) {
  const auto tokenizer = add({{size_, "<|im_start|>", true}});
  EXPECT_EQ(tokenizer->bosId(), base_->bosId());
  EXPECT_EQ(tokenizer->eosId(), base_->eosId());
  EXPECT_EQ(tokenizer->unknownId(), base_->unknownId());
  EXPECT_EQ(tokenizer->textPrefix(), base_->textPrefix());
  for (int32_t id = -1; id < size_; ++id) {
    ASSERT_EQ(tokenizer->piece(id), base_->piece(id));
    ASSERT_EQ(tokenizer->surface(id, TextPosition::startOfText),
              base_->surface(id, TextPosition::startOfText));
    ASSERT_EQ(tokenizer->kind(id), base_->kind(id));
  }
}

// Text never encodes to a special token, and always to another added token; the rest is encoded as before.
TEST_F(AddedTokensTest, OnlyOrdinaryTokensComeFromText) {
  const auto tokenizer = add({{size_, "<|im_start|>", true}, {size_ + 1, "<|word|>", false}});
  EXPECT_EQ(*tokenizer->encode("<|im_start|>Hello"), *base_->encode("<|im_start|>Hello"));
  EXPECT_THAT(*tokenizer->encode("Hello<|word|>"), testing::Contains(size_ + 1));
  EXPECT_EQ(tokenizer->decode(Ids{size_, size_ + 1}), "<|word|>");
  for (const auto &line : goldenLines("tokens", "small")) {
    const auto text = line["text"].get<std::string>();
    if (text.find("<|") == text.npos) {
      ASSERT_EQ(*tokenizer->encode(text), line["ids"].get<Ids>()) << text;
    }
  }
}

TEST_F(AddedTokensTest, TheLongestTokenWins) {
  const auto tokenizer = add({{size_, "<a", false}, {size_ + 1, "<a>b", false}, {size_ + 2, "a>", false}});
  const auto encode = [&](std::string_view text) {
    return *tokenizer->encode(text, TextPosition::continuation);
  };
  EXPECT_THAT(encode("<a>b"), ElementsAre(size_ + 1));
  EXPECT_THAT(encode("<a<a>b"), ElementsAre(size_, size_ + 1));
  EXPECT_THAT(encode("a>a>"), ElementsAre(size_ + 2, size_ + 2));
}

TEST_F(AddedTokensTest, NameTheOffsetInTheWholeText) {
  const auto tokenizer = add({{size_, "<|word|>", false}});
  EXPECT_THAT(tokenizer->encode("<|word|>\xFF").status().message(), HasSubstr("at byte 8 (0xFF)"));
}

TEST_F(AddedTokensTest, IdsMayHaveGaps) {
  const auto tokenizer = add({{size_, "<a>", false}, {size_ + 2, "<b>", true}});
  EXPECT_EQ(tokenizer->size(), size_ + 3);
  EXPECT_EQ(tokenizer->kind(size_ + 1), TokenKind::unused);
  EXPECT_EQ(tokenizer->piece(size_ + 1), "");
  EXPECT_EQ(tokenizer->surface(size_ + 1), "");
  EXPECT_EQ(tokenizer->find("<b>"), size_ + 2);
  EXPECT_EQ(tokenizer->decode(Ids{size_, size_ + 1, size_ + 2}), "<a>");
}

TEST_F(AddedTokensTest, ReplaceTokensOfTheModel) {
  const int32_t id = *base_->find("ing");
  const auto tokenizer = add({{id, "<ren>", false}});
  EXPECT_EQ(tokenizer->size(), size_);
  EXPECT_EQ(tokenizer->piece(id), "<ren>");
  EXPECT_EQ(tokenizer->find("<ren>"), id);
  EXPECT_EQ(tokenizer->find("ing"), std::nullopt);
  EXPECT_EQ(tokenizer->decode(Ids{id}), "<ren>");
}

// A piece of the model that the checkpoint makes special is never the result of encoding a text.
TEST_F(AddedTokensTest, SpecialPiecesDoNotComeFromText) {
  const int32_t id = *base_->find("ing");
  ASSERT_THAT(*base_->encode("doing"), testing::Contains(id));
  const auto tokenizer = add({{id, "ing", true}});
  EXPECT_EQ(tokenizer->kind(id), TokenKind::control);
  for (const char *text : {"doing", "inging", "ing", "a ing b"}) {
    const auto ids = tokenizer->encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status().message();
    EXPECT_THAT(*ids, testing::Not(testing::Contains(id))) << text;
    EXPECT_EQ(tokenizer->decode(*ids), text);
  }
  EXPECT_THAT(*tokenizer->encode("ing", TextPosition::startOfText, SpecialTokens::asTokens), ElementsAre(id));
}

TEST_F(AddedTokensTest, NamesAreTokensWhenAsked) {
  const auto tokenizer = add({{size_, "<|im_end|>", true}});
  const auto encode = [&](std::string_view text) {
    return *tokenizer->encode(text, TextPosition::startOfText, SpecialTokens::asTokens);
  };
  EXPECT_THAT(encode("<s></s><unk>"), ElementsAre(1, 2, 0));
  EXPECT_THAT(encode("<|im_end|>"), ElementsAre(size_));
  EXPECT_EQ(encode("Hello"), *base_->encode("Hello"));
}

TEST_F(AddedTokensTest, TextTokensAreThoseThatTextsAreSplitAt) {
  const auto tokenizer = add({{size_, "<|im_start|>", true}, {size_ + 1, "<tool>", false}});
  EXPECT_THAT(tokenizer->textTokens(), ElementsAre("<tool>"));
}

// Random tokenizers and texts give the ids of transformers, with the names of special tokens as text and as
// tokens.
TEST(AddedTokensGolden, EncodeAsTransformers) {
  for (const auto &line : goldenLines("added_tokens.jsonl")) {
    const auto tokenizer = openStated(line);
    for (const auto &row : line["rows"]) {
      const auto text = row["text"].get<std::string>();
      const auto special = row.contains("special_ids") ? row["special_ids"] : row["ids"];
      EXPECT_EQ(*tokenizer->encode(text), row["ids"].get<Ids>()) << line["prefix"] << line["tokens"] << row;
      EXPECT_EQ(*tokenizer->encode(text, TextPosition::startOfText, SpecialTokens::asTokens),
                special.get<Ids>())
          << line["prefix"] << line["tokens"] << row;
    }
  }
}

TEST_F(AddedTokensTest, RefuseWhatContradictsTheModel) {
  EXPECT_THAT(refusalOf({{size_ + 1, "x1", false}, {size_ + 1, "x2", false}}),
              HasSubstr("'x2': expected an id above"));
  EXPECT_THAT(refusalOf({{-1, "x1", false}}), HasSubstr("expected an id above -1"));
  EXPECT_THAT(refusalOf({{size_, "<s>", true}}), HasSubstr("the tokenizer has this name at id 1"));
  EXPECT_THAT(refusalOf({{size_, "a1", true}, {size_ + 1, "a1", true}}),
              HasSubstr("another token has this name"));
  EXPECT_THAT(refusalOf({{0, "<new>", true}}), HasSubstr("for a byte or for unknown text"));
  EXPECT_THAT(refusalOf({{*base_->find("a"), "a", true}}), HasSubstr("an ordinary piece of texts"));
  EXPECT_THAT(refusalOf({{size_, "", true}}), HasSubstr("1 to 4096 bytes"));
  EXPECT_THAT(refusalOf({{size_, std::string("a\0b", 3), true}}), HasSubstr("without NUL"));
  EXPECT_THAT(refusalOf({{size_, "\xFF", false}}), HasSubstr("UTF-8"));
  EXPECT_THAT(refusalOf({{size_, std::string(5000, 'a'), false}}), HasSubstr("1 to 4096 bytes"));
}

} // namespace
} // namespace cria
