// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversation: prompts of turns, trimming to the context, and errors that leave it unchanged.
#include "runtime/serve/Conversation.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/serve/StoriesTokenizer.h"

#include <gmock/gmock.h>

namespace cria::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int32_t kBos = 1;
constexpr int32_t kEos = 2;
constexpr uint32_t kContext = 200;

class ConversationTest : public testing::Test {
protected:
  void SetUp() override {
    tokenizer_ = storiesTokenizer();
    auto registry = PluginRegistry::create(builtPlugins());
    ASSERT_TRUE(registry.ok()) << registry.status().message();
    registry_ = std::move(*registry);
    vocabulary_ =
        std::make_unique<Vocabulary>(tokenizer_.get(), kStoriesVocab, std::vector<int32_t>{kEos}, kBos);
    auto chat = ChatTemplate::create(*registry_, "llama2", vocabulary_->view());
    ASSERT_TRUE(chat.ok()) << chat.status().message();
    chat_.emplace(std::move(*chat));
    conversation_.emplace(*chat_, *tokenizer_, kContext);
  }

  ChatTurn ask(const std::string &text, uint32_t reserve = 0) {
    StatusOr<ChatTurn> turn = conversation_->ask(text, reserve);
    EXPECT_TRUE(turn.ok()) << turn.status().message();
    return turn.ok() ? std::move(*turn) : ChatTurn();
  }

  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<PluginRegistry> registry_;
  std::unique_ptr<Vocabulary> vocabulary_;
  std::optional<ChatTemplate> chat_;
  std::optional<Conversation> conversation_;
};

TEST_F(ConversationTest, ATurnContinuesTheOnesBeforeIt) {
  const ChatTurn first = ask("Hi");
  ASSERT_FALSE(first.ids.empty());
  EXPECT_EQ(first.ids.front(), kBos);
  EXPECT_THAT(first.stopTexts, ElementsAre("[INST]"));
  conversation_->answer("Hello");
  const ChatTurn second = ask("Bye");
  ASSERT_GT(second.ids.size(), first.ids.size());
  EXPECT_TRUE(std::equal(first.ids.begin(), first.ids.end(), second.ids.begin()));
  EXPECT_EQ(second.droppedPairs, 0u);
  conversation_->reset();
  EXPECT_EQ(ask("Hi").ids, first.ids);
}

TEST_F(ConversationTest, TheOldestPairsMakeRoomForTheAnswer) {
  constexpr uint32_t kReserve = 50;
  uint32_t dropped = 0;
  for (int i = 0; i < 30; ++i) {
    const ChatTurn turn = ask("What does the cow say?", kReserve);
    EXPECT_LE(turn.ids.size() + kReserve, kContext);
    dropped += turn.droppedPairs;
    conversation_->answer("The cow says moo.");
  }
  EXPECT_GT(dropped, 0u);
}

TEST_F(ConversationTest, ARefusedMessageLeavesItAsItWas) {
  const std::vector<int32_t> ids = ask("Hi").ids;
  conversation_->retract();
  StatusOr<ChatTurn> tooLong = conversation_->ask(std::string(2000, 'x'), 0);
  EXPECT_THAT(tooLong.status().message(), HasSubstr("the message is too long"));
  StatusOr<ChatTurn> notText = conversation_->ask("a\xFF", 0);
  EXPECT_THAT(notText.status().message(), HasSubstr("the message: text is not UTF-8 at byte 1"));
  EXPECT_EQ(ask("Hi").ids, ids);
}

TEST_F(ConversationTest, TheSystemPromptStaysUntilItIsReplaced) {
  const size_t without = ask("Hi").ids.size();
  conversation_->reset();
  ASSERT_TRUE(conversation_->setSystem("Be brief.").ok());
  const std::vector<int32_t> with = ask("Hi").ids;
  EXPECT_GT(with.size(), without);
  conversation_->reset();
  EXPECT_THAT(conversation_->setSystem("\xFF").message(), HasSubstr("the system prompt"));
  EXPECT_THAT(conversation_->setSystem(std::string(2000, 'x')).message(), HasSubstr("too long"));
  EXPECT_EQ(conversation_->system(), "Be brief.");
  EXPECT_EQ(ask("Hi").ids, with);
}

} // namespace
} // namespace cria::test
