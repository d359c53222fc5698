// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LoadedModel: opens a package with its tokenizer, makes requests for an Engine, and chooses chat templates.
#include "runtime/serve/LoadedModel.h"

#include "runtime/exec/Engine.h"
#include "tests/runtime/serve/StoriesTokenizer.h"
#include "tests/testing/toy/ToyPackage.h"

#include <gmock/gmock.h>

namespace cria::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LoadedModelTest : public testing::Test {
protected:
  /// Opens a package with the tokenizer of the model that ships on the backend `null`.
  StatusOr<std::unique_ptr<LoadedModel>> tryOpen(uint32_t vocabSize = kStoriesVocab,
                                                 bool withTokenizer = true) {
    ToyPackage package{
        .vocabSize = vocabSize, .manifest = toyManifest(vocabSize), .program = toyProgram(vocabSize)};
    if (withTokenizer) {
      package.manifest["tokenizer"] = {{"kind", "sentencepiece"},
                                       {"file", "tokenizer.model"},
                                       {"added_tokens", OrderedJson::array()},
                                       {"eos_id", tokenizerEos_},
                                       {"prefix", "always"}};
    }
    package.manifest["model"]["eos_ids"] = eosIds_;
    writeToyPackage(folder_, package);
    if (withTokenizer) {
      writeFile(folder_ + "/tokenizer.model", readWholeFile(kStoriesTokenizerFile));
      writeManifest(folder_, package.manifest);
    }
    return LoadedModel::open(folder_, {.backend = "null"}, builtPlugins());
  }
  std::unique_ptr<LoadedModel> open(bool withTokenizer = true) {
    auto model = tryOpen(kStoriesVocab, withTokenizer);
    EXPECT_TRUE(model.ok()) << model.status().message();
    return model.ok() ? std::move(*model) : nullptr;
  }

  static GenerateResult run(const LoadedModel &model, GenerateRequest request) {
    GenerateResult result;
    Engine engine(model.model(), model.tokenizer());
    engine.submit(std::move(request), [&](const GenerateEvent &event) {
      if (event.result) {
        result = *event.result;
      }
    });
    engine.drain();
    return result;
  }

  std::string folder_ = testFolder();
  int64_t tokenizerEos_ = 2;
  std::vector<int64_t> eosIds_ = {2};
};

TEST_F(LoadedModelTest, OpensThePackageWithItsTokenizer) {
  const auto model = open();
  ASSERT_TRUE(model);
  ASSERT_NE(model->tokenizer(), nullptr);
  EXPECT_TRUE(model->requireTokenizer("this test").ok());
  EXPECT_EQ(model->bosId(), 1);
  EXPECT_EQ(model->vocabulary().view().size, kStoriesVocab);
  std::vector<int32_t> expected = *model->tokenizer()->encode("One day");
  expected.insert(expected.begin(), 1);
  EXPECT_EQ(*model->encodePrompt("One day"), expected);
}

TEST_F(LoadedModelTest, OpensAPackageWithoutATokenizer) {
  const auto model = open(/*withTokenizer=*/false);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->tokenizer(), nullptr);
  const Status status = model->requireTokenizer("this test");
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_THAT(status.message(), HasSubstr("has no tokenizer, which this test requires"));
}

TEST_F(LoadedModelTest, RefusesATokenizerOfAnotherModel) {
  EXPECT_THAT(tryOpen(kToyVocab).status().message(), HasSubstr("belongs to another model"));
}

TEST_F(LoadedModelTest, MakesRequestsThatRunOnAnEngine) {
  const auto model = open();
  ASSERT_TRUE(model);
  auto request = model->makeRequest(TextRequest{.prompt = "One day", .options = {.maxTokens = 3}});
  ASSERT_TRUE(request.ok()) << request.status().message();
  EXPECT_EQ(request->prompt, *model->encodePrompt("One day"));
  EXPECT_TRUE(request->continuesText);
  const GenerateResult result = run(*model, std::move(*request));
  EXPECT_EQ(result.reason, FinishReason::length) << result.status.message();
  EXPECT_EQ(result.tokens.size(), 3u);
}

TEST_F(LoadedModelTest, RefusesBadOptionsOfRequests) {
  const auto model = open();
  ASSERT_TRUE(model);
  auto errorOf = [&](const RequestOptions &options) {
    return model->makeRequest(options).status().message();
  };
  EXPECT_THAT(errorOf({.samplerExpression = "no_such"}), HasSubstr("'no_such'"));
  EXPECT_THAT(errorOf({.samplerExpression = "greedy|no_such"}), HasSubstr("(at character 8)"));
  EXPECT_THAT(errorOf({.samplers = {{.name = "no_such", .arguments = {}}}}), HasSubstr("'no_such'"));
  EXPECT_THAT(errorOf({.stopTexts = {""}}), HasSubstr("expected a text that is not empty"));
  EXPECT_THAT(errorOf({.stopTexts = {"\xFF"}}), HasSubstr("another byte at offset 0"));
}

TEST_F(LoadedModelTest, OpensTheTemplateOfTheCheckpointOrAnotherOne) {
  const auto model = open();
  ASSERT_TRUE(model);
  auto own = model->openTemplate();
  ASSERT_TRUE(own.ok()) << own.status().message();
  EXPECT_EQ(own->name(), "llama2");
  EXPECT_TRUE(model->openTemplate("llama2(refuse_tags=true)").ok());
  EXPECT_THAT(model->openTemplate("lama2").status().message(), HasSubstr("did you mean 'llama2'"));
  EXPECT_THAT(model->openTemplate("jinja").status().message(),
              HasSubstr("no template source for jinja: the checkpoint has none"));
}

TEST_F(LoadedModelTest, AStopTextMayNameAToken) {
  const auto model = open();
  ASSERT_TRUE(model);
  const auto request =
      model->makeRequest(RequestOptions{.stopTexts = {"</s>", "end", "<unk>"}, .ignoreEos = true});
  ASSERT_TRUE(request.ok()) << request.status().message();
  EXPECT_THAT(request->stopTokens, ElementsAre(2, 0));
  EXPECT_THAT(request->stopTexts, ElementsAre("</s>", "end", "<unk>"));
  EXPECT_TRUE(request->ignoreEos);
}

TEST_F(LoadedModelTest, AnAnswerEndsWhereTemplateAndTokenizerSay) {
  tokenizerEos_ = 7;
  const auto model = open();
  ASSERT_TRUE(model);
  const ChatTurn turn{.ids = {1, 5}, .stopTexts = {"[INST]"}, .stopIds = {9}};
  const auto request = model->makeRequest(RequestOptions{.stopTexts = {"mine", "[INST]"}}, turn);
  ASSERT_TRUE(request.ok()) << request.status().message();
  EXPECT_EQ(request->prompt, turn.ids);
  EXPECT_FALSE(request->continuesText);
  EXPECT_THAT(request->stopTexts, ElementsAre("[INST]", "mine"));
  EXPECT_THAT(request->stopTokens, ElementsAre(9));
  EXPECT_THAT(request->eosTokens, ElementsAre(7));
  const auto ignoring = model->makeRequest(RequestOptions{.stopTexts = {"mine"}, .ignoreEos = true}, turn);
  ASSERT_TRUE(ignoring.ok());
  EXPECT_THAT(ignoring->stopTexts, ElementsAre("mine"));
  EXPECT_THAT(ignoring->stopTokens, IsEmpty());
  EXPECT_THAT(ignoring->eosTokens, IsEmpty());
}

// The tokenizer's EOS ends what a grammar completes if the model has no end, and else nothing does.
TEST_F(LoadedModelTest, ACompleteGrammarEndsWithoutEndsOfTheModel) {
  eosIds_ = {};
  for (const int64_t tokenizerEos : {2, -1}) {
    tokenizerEos_ = tokenizerEos;
    const auto model = open();
    ASSERT_TRUE(model);
    for (const bool ignoreEos : {false, true}) {
      auto request = model->makeRequest(TextRequest{
          .prompt = "One day",
          .options = {.grammar = "root ::= \"a\" \"b\"?", .ignoreEos = ignoreEos, .maxTokens = 9}});
      ASSERT_TRUE(request.ok()) << request.status().message();
      const GenerateResult result = run(*model, std::move(*request));
      EXPECT_EQ(result.reason, FinishReason::eos) << result.status.message();
      EXPECT_EQ(result.text, "ab");
    }
    EXPECT_THAT(model->makeRequest(RequestOptions())->eosTokens, IsEmpty());
  }
}

TEST_F(LoadedModelTest, EncodesSpecialTokensInPromptsWhenAsked) {
  const auto model = open();
  ASSERT_TRUE(model);
  EXPECT_EQ(*model->encodePrompt("<s></s>", SpecialTokens::asTokens),
            (std::vector<int32_t>{1, 2})); // one BOS
  EXPECT_EQ(*model->encodePrompt("</s>", SpecialTokens::asTokens), (std::vector<int32_t>{1, 2}));
  EXPECT_GT(model->encodePrompt("</s>")->size(), 2u);
  EXPECT_EQ(model->findSpecialName("a </s> b <s>"), "</s>");
  EXPECT_EQ(model->findSpecialName("a < /s> b"), "");
}

} // namespace
} // namespace cria::test
