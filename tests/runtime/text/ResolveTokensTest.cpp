// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ResolveTokens.h"

#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<AddedToken> specialTokens(const std::vector<std::string> &names) {
  std::vector<AddedToken> tokens;
  for (const std::string &name : names) {
    tokens.push_back({.text = name, .isSpecial = true});
  }
  return tokens;
}

class ResolveTokensTest : public testing::Test {
protected:
  void SetUp() override {
    base_ = openGolden();
    size_ = base_->size();
    model_.vocabSize = 1 << 20;
  }
  ResolvedTokens resolve(const StatedTokens &stated) {
    notes_.clear();
    return resolveTokens(*base_, stated, model_, "tokenizer.model", notes_);
  }
  std::vector<AddedToken> added(std::vector<AddedToken> tokens) {
    return resolve({.added = std::move(tokens)}).layer.tokens;
  }

  std::unique_ptr<Tokenizer> base_;
  int32_t size_ = 0;
  ModelConfig model_;
  std::vector<std::string> notes_;
};

TEST_F(ResolveTokensTest, KeepsTheStatedIds) {
  const AddedToken a{size_, "<a>", false}, b{size_ + 2, "<b>", true};
  EXPECT_THAT(added({{0, "<unk>", true}, {1, "<s>", true}, a, b}), ElementsAre(a, b));
  EXPECT_THAT(notes_, IsEmpty());
}

// The tokenizer file has no flags.
TEST_F(ResolveTokensTest, KeepsTheFlagsOfTokensOfTheTokenizer) {
  const AddedToken bos{.id = 1, .text = "<s>", .isSpecial = true, .isNormalized = true};
  const AddedToken eos{.id = 2, .text = "</s>", .isSpecial = true, .stripsRight = true};
  EXPECT_THAT(added({bos, eos}), ElementsAre(eos));
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(ResolveTokensTest, LeavesOutOneTokenWithANote) {
  const AddedToken good{size_ + 1, "<b>", true};
  EXPECT_THAT(added({{size_, "</s>", true}, good}), ElementsAre(good));
  EXPECT_THAT(notes_, ElementsAre(AllOf(HasSubstr("'</s>' (id " + std::to_string(size_) + ") is left out"),
                                        HasSubstr("the tokenizer has this name at id 2"))));
  EXPECT_THAT(added({{size_, "<b>", true}, {size_ + 1, "<b>", false}}),
              ElementsAre(AddedToken{size_, "<b>", true}));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("another added token has this name")));
  EXPECT_THAT(added({{size_, "", true}, {size_ + 1, "\xFF", true}}), IsEmpty());
  EXPECT_EQ(notes_.size(), 2u);
  model_.vocabSize = size_;
  EXPECT_THAT(added({{size_, "<pad>", true}}), IsEmpty());
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("expected an id below the model's vocabulary size of " +
                                            std::to_string(size_))));
}

TEST_F(ResolveTokensTest, ReplacesATokenWithANote) {
  const AddedToken token{300, "<ren>", false};
  EXPECT_THAT(added({token}), ElementsAre(token));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("'<ren>' replaces '" + std::string(base_->piece(300)) + "'")));
}

TEST_F(ResolveTokensTest, ANameWhoseTokenIsReplacedNamesNoToken) {
  const AddedToken token{300, "<ren>", false};
  const auto tokens = resolve({.added = {token}, .special = specialTokens({std::string(base_->piece(300))})});
  EXPECT_THAT(tokens.layer.tokens, ElementsAre(token));
  EXPECT_THAT(notes_, Contains(HasSubstr("another added token has this id")));
}

// As in transformers: special tokens that no list has get the next ids.
TEST_F(ResolveTokensTest, NamesWithoutAnIdGetTheNextOne) {
  const auto tokens = resolve(
      {.added = {{size_ + 3, "<a>", false}}, .special = specialTokens({"<s>", "<a>", "<pad>", "<x>"})});
  EXPECT_THAT(tokens.layer.tokens,
              ElementsAre(AddedToken{size_ + 3, "<a>", false}, AddedToken{size_ + 4, "<pad>", true},
                          AddedToken{size_ + 5, "<x>", true}));
  const int32_t id = *base_->find("ing");
  EXPECT_THAT(resolve({.special = specialTokens({"ing"})}).layer.tokens,
              ElementsAre(AddedToken{id, "ing", true}));
}

// The beginning of a text may be another token than BOS.
TEST_F(ResolveTokensTest, APromptBeginsWithTheNamedToken) {
  EXPECT_EQ(resolve({.bos = "<s>", .promptBos = "</s>"}).bosId, 2);
  EXPECT_EQ(resolve({.bos = "", .promptBos = "<s>"}).bosId, 1);
  EXPECT_EQ(resolve({.promptBos = "<none>"}).bosId, -1);
}

TEST_F(ResolveTokensTest, NotesAnotherVocabulary) {
  const int64_t id = *base_->find("ing");
  resolve({.vocabulary = {{0, "<other>"}, {id, "ing"}, {size_ + 1, "<more>"}}});
  EXPECT_THAT(notes_, IsEmpty()); // control tokens and added ones may have other names
  resolve({.vocabulary = {{id, "x"}, {-1, "y"}}});
  EXPECT_THAT(notes_,
              ElementsAre(HasSubstr("1 of them: id " + std::to_string(id) + " is 'ing' here and 'x'")));
}

TEST_F(ResolveTokensTest, NamedTokensKeepTheirFlags) {
  const int32_t the = *base_->find("the");
  const auto tokens = resolve({.special = {{.text = "<x>", .stripsLeft = true},
                                           {.text = "the", .isWord = true},
                                           {.text = "</s>", .isSpecial = true, .stripsLeft = true}}});
  // Version 5 reads flags of control tokens in lists with ids alone.
  EXPECT_THAT(tokens.layer.tokens, ElementsAre(AddedToken{.id = the, .text = "the", .isWord = true},
                                               AddedToken{.id = size_, .text = "<x>", .stripsLeft = true}));
}

// Within words it is a piece like others.
TEST_F(ResolveTokensTest, LeavesOutASpecialPieceThatIsAWord) {
  const int64_t id = *base_->find("ing");
  EXPECT_THAT(added({{.id = id, .text = "ing", .isSpecial = true, .isWord = true}}), IsEmpty());
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("is an ordinary piece of texts within words")));
  EXPECT_THAT(resolve({.added = {{.id = id, .text = "ing", .isSpecial = true, .isWord = true}},
                       .special = {{.text = "ing", .isSpecial = true}}})
                  .layer.tokens,
              IsEmpty());
}

TEST_F(ResolveTokensTest, BosIsTheTokenizers) {
  EXPECT_EQ(resolve({}).bosId, 1);
  EXPECT_EQ(resolve({.bos = "<s>"}).bosId, 1);
  EXPECT_EQ(resolve({.bos = "<s>", .addsBos = false}).bosId, -1);
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(resolve({.bos = ""}).bosId, -1);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("prompts begin with no BOS")));
  EXPECT_EQ(resolve({.added = {{size_, "<b>", true}}, .bos = "<b>"}).bosId, size_);
  EXPECT_THAT(notes_, ElementsAre(AllOf(HasSubstr("prompts begin with id " + std::to_string(size_)),
                                        HasSubstr("'bos_token_id' = 1"))));
}

TEST_F(ResolveTokensTest, EosIsTheTokenizers) {
  EXPECT_EQ(resolve({}).layer.eosId, 2);
  EXPECT_EQ(resolve({.eos = ""}).layer.eosId, -1);
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(resolve({.added = {{size_, "<|im_end|>", true}}, .eos = "<|im_end|>"}).layer.eosId, size_);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("is not among the ids that end a text for the model (2)")));
}

} // namespace
} // namespace cria
