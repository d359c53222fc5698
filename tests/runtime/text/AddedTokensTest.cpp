// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "runtime/text/Tokenizer.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>
#include <sstream>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ids = std::vector<int32_t>;

class AddedTokensTest : public testing::Test {
protected:
  void SetUp() override {
    std::ifstream file(goldenModel("small"), std::ios::binary);
    model = std::string(std::istreambuf_iterator<char>(file), {});
    base = openGolden();
    size = base->size();
  }
  std::unique_ptr<Tokenizer> add(const std::vector<AddedToken> &tokens, int64_t vocabSize = 1 << 20) {
    notes.clear();
    const StatusOr<std::string> extended =
        withAddedTokens(model, tokens, vocabSize, "tokenizer.model", notes);
    EXPECT_TRUE(extended.ok()) << extended.status().message();
    StatusOr<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::load(*extended, "extended");
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    return std::move(tokenizer).value();
  }

  std::string model;
  std::unique_ptr<Tokenizer> base;
  int32_t size = 0;
  std::vector<std::string> notes;
};

TEST_F(AddedTokensTest, ContinueTheIdsOfTheModel) {
  const auto tokenizer =
      add({{1, "<s>", true}, {size, "<|im_start|>", true}, {size + 1, "two words", false}});
  EXPECT_EQ(tokenizer->size(), size + 2);
  EXPECT_EQ(tokenizer->find("<|im_start|>"), size);
  EXPECT_EQ(tokenizer->kind(size), TokenKind::control);
  EXPECT_EQ(tokenizer->kind(size + 1), TokenKind::normal);
  EXPECT_THAT(notes, IsEmpty());
}

// A special token is never the result of encoding text, another always; the rest is encoded as before.
TEST_F(AddedTokensTest, OnlyOrdinaryTokensComeFromText) {
  const auto tokenizer = add({{size, "<|im_start|>", true}, {size + 1, "<|word|>", false}});
  EXPECT_EQ(*tokenizer->encode("<|im_start|>Hello"), *base->encode("<|im_start|>Hello"));
  EXPECT_THAT(*tokenizer->encode("Hello<|word|>"), testing::Contains(size + 1));
  EXPECT_EQ(tokenizer->decode(Ids{size, size + 1}), "<|word|>");
  for (const auto &line : goldenLines("tokens", "small")) {
    const auto text = line["text"].get<std::string>();
    if (text.find("<|") == text.npos) {
      ASSERT_EQ(*tokenizer->encode(text), line["ids"].get<Ids>()) << text;
    }
  }
}

TEST_F(AddedTokensTest, LeaveTheModelAloneWithoutAny) {
  const std::vector<AddedToken> own = {{2, "</s>", true}};
  EXPECT_EQ(*withAddedTokens(model, own, 1 << 20, "tokenizer.model", notes), model);
}

TEST_F(AddedTokensTest, SayWhatIsLeftOut) {
  EXPECT_EQ(add({{size, "a1", true}, {size + 2, "a2", true}, {size + 3, "a3", true}})->size(), size + 1);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("'a2' (id " + std::to_string(size + 2) +
                                           ") and those after it are left out: expected " +
                                           std::to_string(size + 1))));
  EXPECT_EQ(add({{size, "<pad>", true}}, size)->size(), size);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("ids end before it")));
  EXPECT_EQ(add({{size, "</s>", true}})->size(), size);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("there already")));
  EXPECT_EQ(add({{size, "same", true}, {size + 1, "same", false}})->size(), size + 1);
  EXPECT_EQ(add({{size, "", true}})->size(), size);
  EXPECT_EQ(add({{size, std::string("a\0b", 3), true}})->size(), size);
  EXPECT_EQ(add({{size, "\xFF", false}})->size(), size);
  EXPECT_EQ(add({{size, std::string(5000, 'a'), false}})->size(), size);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("1 to 4096 bytes")));
  EXPECT_THAT(withAddedTokens("x", {}, 10, "tokenizer.model", notes).status().message(),
              HasSubstr("tokenizer.model"));
}

} // namespace
} // namespace cria
