// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares every chat format byte for byte with the same conversations rendered by jinja2
// (tests/golden/chat_templates.jsonl), and checks answers that are to be continued.
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>
#include <set>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class GoldenTemplatesTest : public testing::Test {
protected:
  const std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  const NamedVocabulary vocabulary_;

  ChatTemplate create(const std::string &expression) {
    auto chat = ChatTemplate::create(*registry_, expression, vocabulary_.view());
    EXPECT_TRUE(chat.ok()) << expression << chat.status().message();
    return std::move(chat).value();
  }
};

TEST_F(GoldenTemplatesTest, RenderByteForByte) {
  std::set<std::string> seen;
  int refused = 0;
  for (const auto &row : goldenLines("chat_templates.jsonl")) {
    if (row.contains("published")) {
      continue;
    }
    const std::string name = row["template"];
    seen.insert(name);
    const auto rendered =
        create(name).render(messagesOf(row), row["generate"] ? ChatGoal::answer : ChatGoal::record);
    if (row.value("refused", false)) {
      EXPECT_EQ(rendered.status().code(), StatusCode::invalidArgument) << name << row["messages"];
      EXPECT_THAT(rendered.status().message(), HasSubstr("message ")) << name;
      ++refused;
      continue;
    }
    ASSERT_TRUE(rendered.ok()) << row["name"] << rendered.status().message();
    EXPECT_EQ(rendered->segments, segmentsOf(row)) << row["name"];
  }
  EXPECT_EQ(seen.size(), 14u);
  EXPECT_GE(refused, 32);
}

TEST_F(GoldenTemplatesTest, LeaveAnUnfinishedAnswerOpen) {
  const std::vector<ChatMessage> messages = {{ChatRole::user, "Count"}, {ChatRole::assistant, "one two "}};
  for (const char *name :
       {"alpaca", "chatml", "codellama", "codellama(format=\"70b\")", "mistral", "vicuna", "zephyr"}) {
    EXPECT_THAT(textOf(create(name), messages, ChatGoal::continueLast), EndsWith("one two }")) << name;
    EXPECT_FALSE(create(name).render(messages, ChatGoal::answer).ok()) << name;
  }
}

TEST_F(GoldenTemplatesTest, StopWhereTheNextTurnBegins) {
  const std::vector<ChatMessage> messages = {{ChatRole::user, "Hello"}};
  EXPECT_THAT(create("vicuna").render(messages)->stopTexts, ElementsAre("USER:"));
  EXPECT_THAT(create("chatml").render(messages)->stopIds, ElementsAre(NamedVocabulary::kImEnd));
  EXPECT_THAT(create("codellama(format=\"70b\")").render(messages)->stopIds,
              ElementsAre(NamedVocabulary::kStep));
}

TEST_F(GoldenTemplatesTest, SayWhyTheyDoNotFit) {
  EXPECT_THAT(
      ChatTemplate::create(*registry_, "codellama(format=\"13b\")", vocabulary_.view()).status().message(),
      HasSubstr("expected instruct or 70b, got '13b'"));
  EXPECT_TRUE(create("alpaca").findTags("say ### Response: yes")->has_value());
  EXPECT_FALSE(create("zephyr").findTags("say <s>")->has_value());
}

/// A vocabulary with ChatML's marks, each as a control token, as another token, or not at all.
std::vector<ChatSegment> renderChatml(PluginRegistry &registry, const NamedVocabulary &vocabulary,
                                      RenderedChat &out) {
  const auto chat = ChatTemplate::create(registry, "chatml", vocabulary.view());
  EXPECT_TRUE(chat.ok()) << chat.status().message();
  out = *chat->render(std::vector<ChatMessage>{{ChatRole::user, "Hi"}});
  EXPECT_EQ(chat->findTags("a <|im_end|> b")->has_value(), out.stopIds.empty());
  return out.segments;
}

// Marks that are not tokens are text, and end an answer as text.
TEST_F(GoldenTemplatesTest, ChatmlWritesItsMarksAsTheTokenizerHasThem) {
  using Kind = ChatSegment::Kind;
  RenderedChat out;
  EXPECT_THAT(renderChatml(*registry_, NamedVocabulary({"<|im_start|>", "<|im_end|>"}), out),
              ElementsAre(ChatSegment{Kind::special, "<|im_start|>"}, ChatSegment{Kind::text, "user\nHi"},
                          ChatSegment{Kind::special, "<|im_end|>"}, ChatSegment{Kind::text, "\n"},
                          ChatSegment{Kind::special, "<|im_start|>"},
                          ChatSegment{Kind::text, "assistant\n"}));
  EXPECT_THAT(out.stopIds, ElementsAre(4));
  EXPECT_THAT(renderChatml(*registry_, NamedVocabulary({"<|im_end|>"}), out),
              ElementsAre(ChatSegment{Kind::text, "<|im_start|>user\nHi"},
                          ChatSegment{Kind::special, "<|im_end|>"},
                          ChatSegment{Kind::text, "\n<|im_start|>assistant\n"}));
  EXPECT_THAT(out.stopIds, ElementsAre(3));
  EXPECT_THAT(
      renderChatml(*registry_, NamedVocabulary(std::vector<std::string_view>{}), out),
      ElementsAre(ChatSegment{Kind::text, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"}));
  EXPECT_THAT(out.stopTexts, ElementsAre("<|im_end|>"));
}

TEST_F(GoldenTemplatesTest, TakeAnotherSystemSentence) {
  const auto chat = create("vicuna(system=\"Be kind.\", dummy_prefix=false)");
  EXPECT_EQ(textOf(chat, {{ChatRole::user, "a"}, {ChatRole::assistant, "b"}, {ChatRole::user, "c"}}),
            "<s>~{Be kind. USER: a ASSISTANT: b}</s>~{USER: c ASSISTANT:}");
}

} // namespace
} // namespace cria
