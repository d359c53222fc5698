// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every chat format against the same conversations rendered by jinja2 (tests/golden/chat_templates.jsonl),
// byte for byte; and what each does with an answer that is to go on.
#include "runtime/plugin/ChatTemplate.h"
#include "tests/conformance/suite/TestVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <set>

namespace cria {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// Control tokens between U+0001 and U+0002, as in the golden file.
std::string textOf(const RenderedChat &chat) {
  std::string text;
  for (const ChatSegment &segment : chat.segments) {
    text += segment.kind == ChatSegment::Kind::text ? segment.text : "\x01" + segment.text + "\x02";
  }
  return text;
}

class GoldenTemplatesTest : public testing::Test {
protected:
  const std::unique_ptr<PluginRegistry> registry = openRegistry();
  const cria_vocabulary &vocabulary = conformance::testVocabulary().view();

  ChatTemplate create(const std::string &expression) {
    auto chat = ChatTemplate::create(*registry, expression, vocabulary);
    EXPECT_TRUE(chat.ok()) << chat.status().message();
    return std::move(chat).value();
  }
};

TEST_F(GoldenTemplatesTest, RenderByteForByte) {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/golden/chat_templates.jsonl");
  std::set<std::string> seen;
  int refused = 0;
  for (std::string text; std::getline(file, text);) {
    const auto line = nlohmann::json::parse(text);
    std::vector<ChatMessage> messages;
    for (const auto &message : line["messages"]) {
      messages.push_back({*chatRoleFromString(message["role"].get<std::string>()), message["content"]});
    }
    const std::string name = line["template"];
    seen.insert(name);
    const auto rendered =
        create(name).render(messages, line["generate"] ? ChatGoal::answer : ChatGoal::record);
    if (line.value("refused", false)) {
      EXPECT_EQ(rendered.status().code(), StatusCode::invalidArgument) << name << line["messages"];
      EXPECT_THAT(rendered.status().message(), HasSubstr("message ")) << name;
      ++refused;
      continue;
    }
    ASSERT_TRUE(rendered.ok()) << name << line["messages"] << rendered.status().message();
    EXPECT_EQ(textOf(*rendered), line["text"]) << name << line["messages"];
  }
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_GE(refused, 12);
}

TEST_F(GoldenTemplatesTest, LeaveAnUnfinishedAnswerOpen) {
  const std::vector<ChatMessage> messages = {{ChatRole::user, "Count"}, {ChatRole::assistant, "one two "}};
  for (const char *name :
       {"alpaca", "chatml", "codellama", "codellama(format=\"70b\")", "mistral", "vicuna", "zephyr"}) {
    const auto open = create(name).render(messages, ChatGoal::continueLast);
    ASSERT_TRUE(open.ok()) << name << open.status().message();
    EXPECT_THAT(textOf(*open), EndsWith("one two ")) << name;
    EXPECT_FALSE(create(name).render(messages, ChatGoal::answer).ok()) << name;
  }
}

TEST_F(GoldenTemplatesTest, StopWhereTheNextTurnBegins) {
  const std::vector<ChatMessage> messages = {{ChatRole::user, "Hello"}};
  EXPECT_EQ(create("vicuna").render(messages)->stopTexts, std::vector<std::string>{"USER:"});
  EXPECT_EQ(create("chatml").render(messages)->stopIds,
            std::vector<int32_t>{*conformance::testTokenizer().find("<|im_end|>")});
  EXPECT_EQ(create("codellama(format=\"70b\")").render(messages)->stopIds,
            std::vector<int32_t>{*conformance::testTokenizer().find("<step>")});
}

TEST_F(GoldenTemplatesTest, SayWhyTheyDoNotFit) {
  const Vocabulary without(nullptr, 32000, {2}, 1);
  EXPECT_THAT(ChatTemplate::create(*registry, "chatml", without.view()).status().message(),
              HasSubstr("the tokenizer has no control tokens <|im_start|> and <|im_end|>"));
  EXPECT_THAT(ChatTemplate::create(*registry, "codellama(format=\"13b\")", vocabulary).status().message(),
              HasSubstr("option 'format' is '13b', expected instruct or 70b"));
  EXPECT_TRUE(create("alpaca").findTags("say ### Response: yes")->has_value());
  EXPECT_FALSE(create("zephyr").findTags("say <s>")->has_value());
}

TEST_F(GoldenTemplatesTest, TakeAnotherSystemSentence) {
  const auto chat = create("vicuna(system=\"Be kind.\", dummy_prefix=false)");
  EXPECT_EQ(textOf(*chat.render(std::vector<ChatMessage>{{ChatRole::user, "Hi"}})),
            "\x01<s>\x02"
            "Be kind. USER: Hi ASSISTANT:");
  const auto rendered = chat.render(
      std::vector<ChatMessage>{{ChatRole::user, "a"}, {ChatRole::assistant, "b"}, {ChatRole::user, "c"}});
  EXPECT_TRUE(rendered->segments[1].dummyPrefix); // the first text of all
  EXPECT_FALSE(rendered->segments[3].dummyPrefix);
}

} // namespace
} // namespace cria
