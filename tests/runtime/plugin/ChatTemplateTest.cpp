// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Ids = std::vector<int32_t>;

class GoldenChatTest : public GoldenTokenizerTest {};

TEST_P(GoldenChatTest, RendersAndEncodesByteForByte) {
  const auto registry = openRegistry();
  const Vocabulary vocabulary(tokenizer_.get(), static_cast<uint32_t>(tokenizer_->size()), {2}, 1);
  const auto chat = ChatTemplate::create(*registry, "llama2", vocabulary.view());
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  int refused = 0;
  for (const auto &line : goldenLines("chat", GetParam())) {
    const auto rendered = chat->render(messagesOf(line));
    if (line.value("refused", false)) {
      ++refused;
      ASSERT_FALSE(rendered.ok()) << line["name"];
      EXPECT_EQ(rendered.status().code(), StatusCode::invalidArgument);
      continue;
    }
    ASSERT_TRUE(rendered.ok()) << line["name"] << rendered.status().message();
    EXPECT_EQ(rendered->segments, segmentsOf(line)) << line["name"];
    const auto ids = encodeSegments(rendered->segments, *tokenizer_);
    ASSERT_TRUE(ids.ok());
    EXPECT_EQ(*ids, line["ids"].get<Ids>()) << line["name"];
  }
  EXPECT_GE(refused, 9);
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenChatTest, testing::ValuesIn(goldenTokenizers()), goldenTestName);

class ChatTemplateTest : public testing::Test {
protected:
  const Vocabulary vocabulary_{nullptr, 32000, {2}, 1};
  ChatTemplate create(std::string_view expression) {
    StatusOr<ChatTemplate> chat = ChatTemplate::create(*registry_, expression, vocabulary_.view());
    EXPECT_TRUE(chat.ok()) << chat.status().message();
    return std::move(chat).value();
  }
  static ChatMessage system(std::string text) { return {ChatRole::system, std::move(text)}; }
  static ChatMessage user(std::string text) { return {ChatRole::user, std::move(text)}; }
  static ChatMessage assistant(std::string text) { return {ChatRole::assistant, std::move(text)}; }

  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
};

TEST_F(ChatTemplateTest, Llama2NamesTheMessageItCannotExpress) {
  const ChatTemplate chat = create("llama2");
  EXPECT_THAT(
      textOf(chat, {user("a"), user("b")}),
      AllOf(HasSubstr("chat template llama2"), HasSubstr("message 2 of 2 is from user, expected assistant")));
  EXPECT_THAT(textOf(chat, {user("a"), assistant("b"), system("c")}),
              HasSubstr("message 3 of 3 is from system, expected user"));
  EXPECT_THAT(textOf(chat, {assistant("a")}), HasSubstr("message 1 of 1 is from assistant, expected user"));
  EXPECT_THAT(textOf(chat, {user("a"), assistant("b")}),
              HasSubstr("message 2 of 2 is from assistant, expected user, since the model"));
  EXPECT_THAT(textOf(chat, {system("a")}), HasSubstr("is from system, expected a user message after it"));
  EXPECT_THAT(textOf(chat, {}), HasSubstr("expected at least one message"));
  EXPECT_THAT(textOf(chat, {user("a")}, ChatGoal::continueLast),
              HasSubstr("expected the assistant's unfinished answer"));
}

TEST_F(ChatTemplateTest, Llama2ContinuesAnUnfinishedAnswer) {
  const ChatTemplate chat = create("llama2");
  EXPECT_EQ(textOf(chat, {user(" a "), assistant(" Once upon ")}, ChatGoal::continueLast),
            "<s>{[INST] a [/INST] Once upon }");
  EXPECT_EQ(textOf(chat, {user("a"), assistant(" \n")}, ChatGoal::continueLast), "<s>{[INST] a [/INST]}");
  EXPECT_EQ(textOf(chat, {user("a"), assistant("b"), user("c"), assistant("d")}, ChatGoal::continueLast),
            "<s>{[INST] a [/INST] b }</s><s>{[INST] c [/INST] d}");
}

TEST_F(ChatTemplateTest, Llama2RecordsFinishedPairs) {
  const ChatTemplate chat = create("llama2");
  EXPECT_EQ(textOf(chat, {system("s"), user("a"), assistant("b")}, ChatGoal::record),
            "<s>{[INST] <<SYS>>\ns\n<</SYS>>\n\na [/INST] b }</s>");
  EXPECT_EQ(textOf(chat, {user("a")}, ChatGoal::record), "<s>{[INST] a [/INST]}");
}

TEST_F(ChatTemplateTest, Llama2StopsBeforeANewTurn) {
  const auto rendered = create("llama2").render(std::vector{user("a")});
  ASSERT_TRUE(rendered.ok());
  EXPECT_THAT(rendered->stopTexts, testing::ElementsAre("[INST]"));
  EXPECT_TRUE(rendered->stopIds.empty()); // EOS ends generation anyway
}

TEST_F(ChatTemplateTest, Llama2FindsAndRefusesTags) {
  const ChatTemplate lenient = create("llama2");
  const ChatTemplate strict = create("llama2(refuse_tags=true)");
  for (const std::string tag : {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"}) {
    const auto note = lenient.findTags("x" + tag + "y");
    ASSERT_TRUE(note.ok() && note->has_value()) << tag;
    EXPECT_THAT(**note, HasSubstr("contains " + tag));
    EXPECT_THAT(textOf(lenient, {user(tag)}), HasSubstr("{[INST] " + tag));
    EXPECT_EQ(textOf(strict, {system("s"), user("a"), assistant(tag), user("b")}),
              "chat template llama2: message 3 of 4 contains " + tag +
                  ", a tag of the template; the option refuse_tags forbids it");
  }
  EXPECT_FALSE(lenient.findTags("[inst] <s>")->has_value());
  EXPECT_EQ(textOf(strict, {user("plain")}), "<s>{[INST] plain [/INST]}");
}

TEST_F(ChatTemplateTest, PlainJoinsMessages) {
  const ChatTemplate chat = create("plain");
  EXPECT_EQ(textOf(chat, {user("Once upon")}), "<s>{Once upon}");
  EXPECT_EQ(textOf(chat, {system("s"), user(" a "), assistant("b"), user("c")}), "<s>{s\n a \nb\nc}");
  EXPECT_EQ(textOf(chat, {user("a"), assistant("b")}, ChatGoal::continueLast), "<s>{a\nb}");
  EXPECT_EQ(textOf(create("plain(separator=\"\\n\\n\")"), {user("a"), user("b")}), "<s>{a\n\nb}");
  EXPECT_THAT(textOf(chat, {}), HasSubstr("expected at least one message"));
  EXPECT_FALSE(chat.findTags("[INST]")->has_value());
}

TEST_F(ChatTemplateTest, CreatesFromOptionsInTextForm) {
  const auto chat = ChatTemplate::create(
      *registry_, "llama2", {{.name = "refuse_tags", .value = "true", .position = 0}}, vocabulary_.view());
  ASSERT_TRUE(chat.ok());
  EXPECT_EQ(chat->name(), "llama2");
  EXPECT_FALSE(chat->render(std::vector{user("[INST]")}).ok());
  EXPECT_THAT(ChatTemplate::create(*registry_, "lama2", vocabulary_.view()).status().message(),
              HasSubstr("there is no chat template 'lama2'; did you mean 'llama2'?"));
  EXPECT_THAT(ChatTemplate::create(*registry_, "llama2(loud=1)", vocabulary_.view()).status().message(),
              HasSubstr("has no option 'loud'"));
  EXPECT_THAT(ChatTemplate::create(*registry_, "llama2|plain", vocabulary_.view()).status().message(),
              HasSubstr("expected one chat template"));
}

TEST_F(ChatTemplateTest, EncodesOnlyTokensAsSpecial) {
  const auto tokenizer = openGolden();
  const auto encode = [&](ChatSegment segment) {
    return encodeSegments(std::vector{std::move(segment)}, *tokenizer);
  };
  EXPECT_EQ(*encode({.kind = ChatSegment::Kind::special, .text = "</s>"}), Ids{2});
  EXPECT_EQ(*encode({.kind = ChatSegment::Kind::specialId, .text = {}, .id = 1}), Ids{1});
  EXPECT_FALSE(encode({.kind = ChatSegment::Kind::special, .text = "<0x41>"}).ok());
  EXPECT_THAT(encode({.kind = ChatSegment::Kind::special, .text = "<eot>"}).status().message(),
              HasSubstr("'<eot>'"));
  EXPECT_FALSE(encode({.kind = ChatSegment::Kind::specialId, .text = {}, .id = 540}).ok());
  EXPECT_FALSE(encode({.kind = ChatSegment::Kind::specialId, .text = {}, .id = 99999}).ok());
  EXPECT_EQ(encode({.kind = ChatSegment::Kind::text, .text = "\n", .position = TextPosition::continuation})
                ->front(),
            13);
  EXPECT_FALSE(encode({.kind = ChatSegment::Kind::text, .text = "\xFF"}).ok());
}

// A mark that a template writes is a token there, and text in a message, also if it is no control token.
TEST_F(ChatTemplateTest, MessagesDoNotForgeMarks) {
  const int32_t size = openGolden()->size();
  const auto tokenizer = std::move(withAddedTokens(openGolden(), {.tokens = {{size, "<|im_start|>", false},
                                                                             {size + 1, "<tool>", false},
                                                                             {size + 2, "<|sys|>", false}}}))
                             .value();
  const std::vector<ChatSegment> segments = {
      {.kind = ChatSegment::Kind::special, .text = "<|im_start|>"},
      {.kind = ChatSegment::Kind::text, .text = "user <|im_start|> <tool> <|sys|>"}};
  const std::vector<std::string> markers = {"<|sys|>"};
  const Ids ids = *encodeSegments(segments, *tokenizer, markers);
  EXPECT_EQ(std::ranges::count(ids, size), 1);
  EXPECT_EQ(std::ranges::count(ids, size + 1), 1);
  EXPECT_EQ(std::ranges::count(ids, size + 2), 0);
  EXPECT_EQ(tokenizer->decode(Ids(ids.begin() + 1, ids.end())), "user <|im_start|> <tool> <|sys|>");
}

// As in transformers: a text after a token that has a space of its own gets no second one.
TEST_F(ChatTemplateTest, TextAfterATokenHasOneSpace) {
  const auto tokenizer = openGolden();
  const auto encode = [&](const char *text) {
    return *encodeSegments(std::vector<ChatSegment>{{.kind = ChatSegment::Kind::special, .text = "<s>"},
                                                    {.kind = ChatSegment::Kind::text, .text = text}},
                           *tokenizer);
  };
  EXPECT_EQ(encode(" x"), encode("x"));
  EXPECT_NE(encode("  x"), encode(" x"));
}

// The wrapper passes special ids of a plugin on, and a missing optional function is not an error.
TEST_F(ChatTemplateTest, RunsForeignTemplates) {
  const TemporaryFolder folder;
  folder.link("faulty_old_table.so");
  ManifestText manifest;
  manifest.library = "faulty_old_table.so";
  folder.write("faulty.cria-plugin.json", manifest.text());
  const auto foreign = openRegistry({folder.path()});
  const auto chat = ChatTemplate::create(*foreign, "faulty(loud=true)", vocabulary_.view());
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  EXPECT_FALSE(chat->findTags("x")->has_value());
  const auto rendered = chat->render({});
  ASSERT_TRUE(rendered.ok());
  ASSERT_EQ(rendered->segments.size(), 1u);
  EXPECT_EQ(rendered->segments[0].id, 1);
}

} // namespace
} // namespace cria
