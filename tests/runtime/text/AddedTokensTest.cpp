// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "runtime/text/SentenceModel.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>
#include <random>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ids = std::vector<int32_t>;

class AddedTokensTest : public testing::Test {
protected:
  void SetUp() override {
    base_ = openGolden();
    size_ = base_->size();
  }
  std::unique_ptr<Tokenizer> add(const std::vector<AddedToken> &tokens, int64_t vocabSize = 1 << 20) {
    notes_.clear();
    std::vector<AddedToken> selected =
        selectAddedTokens(*base_, tokens, vocabSize, "tokenizer.model", notes_);
    StatusOr<std::unique_ptr<Tokenizer>> tokenizer = withAddedTokens(openGolden(), std::move(selected));
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    return std::move(tokenizer).value();
  }
  std::string refusalOf(std::vector<AddedToken> tokens) {
    return withAddedTokens(openGolden(), std::move(tokens)).status().message();
  }

  std::unique_ptr<Tokenizer> base_;
  int32_t size_ = 0;
  std::vector<std::string> notes_;
};

TEST_F(AddedTokensTest, ContinueTheIdsOfTheModel) {
  const auto tokenizer =
      add({{1, "<s>", true}, {size_, "<|im_start|>", true}, {size_ + 1, "two words", false}});
  EXPECT_EQ(tokenizer->size(), size_ + 2);
  EXPECT_EQ(tokenizer->find("<|im_start|>"), size_);
  EXPECT_EQ(tokenizer->kind(size_), TokenKind::control);
  EXPECT_EQ(tokenizer->kind(size_ + 1), TokenKind::normal);
  EXPECT_EQ(tokenizer->piece(size_ + 1), "two words");
  EXPECT_EQ(tokenizer->kind(size_ + 2), TokenKind::unused);
  EXPECT_THAT(notes_, IsEmpty());
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

/// The golden model with `tokens` as pieces of its own, which SentencePiece itself finds in text.
std::unique_ptr<Tokenizer> withUserDefinedPieces(const std::string &name,
                                                 const std::vector<AddedToken> &tokens) {
  std::ifstream file(goldenModel(name), std::ios::binary);
  SentenceModel model = *SentenceModel::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  for (const AddedToken &token : tokens) {
    model.pieces.push_back({token.text, 0, SentenceModel::PieceType::userDefined});
  }
  return std::move(loadTokenizer(kSentencePieceKind, model.serialize(model.addDummyPrefix), name)).value();
}

class AddedTokensGoldenTest : public testing::TestWithParam<std::string> {};

// The layer gives the same ids and texts as SentencePiece with the tokens in its model.
TEST_P(AddedTokensGoldenTest, EncodeAsPiecesOfTheModel) {
  auto base = openGolden(GetParam());
  const int32_t size = base->size();
  const std::vector<AddedToken> tokens = {
      {size, "<|word|>", false}, {size + 1, "<|word|>!", false}, {size + 2, "\xE4\xBD\xA0", false}};
  const auto expected = withUserDefinedPieces(GetParam(), tokens);
  const auto tokenizer = std::move(withAddedTokens(std::move(base), tokens)).value();
  std::mt19937 random(7);
  for (const auto &line : goldenLines("tokens", GetParam())) {
    auto text = line["text"].get<std::string>();
    for (int count = 0; count < 3; ++count) {
      size_t at = random() % (text.size() + 1);
      while (at < text.size() && (text[at] & 0xC0) == 0x80) { // inside a character
        ++at;
      }
      text.insert(at, tokens[random() % tokens.size()].text);
      for (const TextPosition position : {TextPosition::startOfText, TextPosition::continuation}) {
        const Ids ids = *tokenizer->encode(text, position);
        ASSERT_EQ(ids, *expected->encode(text, position)) << text;
        ASSERT_EQ(tokenizer->decode(ids, position), expected->decode(ids, position)) << text;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, AddedTokensGoldenTest, testing::ValuesIn(goldenTokenizers()),
                         goldenTestName);

TEST_F(AddedTokensTest, NotesSayWhatIsLeftOut) {
  EXPECT_EQ(add({{size_, "a1", true}, {size_ + 2, "a2", true}, {size_ + 3, "a3", true}})->size(), size_ + 1);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("'a2' (id " + std::to_string(size_ + 2) +
                                            ") and those after it are left out: expected " +
                                            std::to_string(size_ + 1))));
  EXPECT_EQ(add({{size_, "<pad>", true}}, size_)->size(), size_);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("expected an id below the model's vocabulary size")));
  EXPECT_EQ(add({{size_, "</s>", true}})->size(), size_);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("already has this name")));
  EXPECT_EQ(add({{size_, "same", true}, {size_ + 1, "same", false}})->size(), size_ + 1);
  EXPECT_EQ(add({{size_, "", true}})->size(), size_);
  EXPECT_EQ(add({{size_, std::string("a\0b", 3), true}})->size(), size_);
  EXPECT_EQ(add({{size_, "\xFF", false}})->size(), size_);
  EXPECT_EQ(add({{size_, std::string(5000, 'a'), false}})->size(), size_);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("1 to 4096 bytes")));
}

TEST_F(AddedTokensTest, RefuseWhatContradictsTheModel) {
  EXPECT_THAT(refusalOf({{size_ + 1, "x1", false}}),
              HasSubstr("'x1' (id " + std::to_string(size_ + 1) + "): expected " + std::to_string(size_)));
  EXPECT_THAT(refusalOf({{1, "x1", false}}), HasSubstr("as the next id"));
  EXPECT_THAT(refusalOf({{size_, "<s>", true}}), HasSubstr("already has this name"));
  EXPECT_THAT(refusalOf({{size_, "", false}}), HasSubstr("1 to 4096 bytes"));
}

} // namespace
} // namespace cria
