// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TokenizerConfig.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

const std::string kChatMl =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}";

using Options = std::vector<std::pair<std::string, std::string>>;

struct Chosen {
  ModelConfig model;
  TokenizerSettings settings;
  ChatConfig chat;
  std::vector<std::string> notes;
};

Chosen choose(const Json &json) {
  Chosen chosen;
  auto settings = readTokenizerConfig(json, "tokenizer_config.json", chosen.model, chosen.notes);
  EXPECT_TRUE(settings.ok()) << settings.status().message();
  chosen.settings = std::move(settings).value();
  chooseChatTemplate(chosen.settings, "tokenizer_config.json", chosen.chat, chosen.notes);
  return chosen;
}

std::string errorOfConfig(const Json &json) {
  ModelConfig model;
  std::vector<std::string> notes;
  return readTokenizerConfig(json, "tokenizer_config.json", model, notes).status().message();
}

TEST(TokenizerConfig, ChoosesTheDefaultTemplate) {
  EXPECT_EQ(choose({{"chat_template", kChatMl}}).chat.templateName, "chatml");
  EXPECT_EQ(choose({{"chat_template",
                     {{{"name", "default"}, {"template", kChatMl}}, {{"name", "tools"}, {"template", "x"}}}}})
                .chat.templateName,
            "chatml");
  EXPECT_EQ(choose(Json::object()).chat, ChatConfig());
  EXPECT_EQ(choose({{"chat_template", ""}}).chat, ChatConfig());
  EXPECT_THAT(errorOfConfig({{"chat_template", 1}}), HasSubstr("a string or a list of templates"));
}

TEST(TokenizerConfig, KeepsAnUnknownTemplate) {
  const Chosen chosen = choose({{"chat_template", "<|im_start|>{{ content }}"},
                                {"legacy", false},
                                {"bos_token", {{"content", "<s>"}}},
                                {"eos_token", "<|im_end|>"}});
  EXPECT_EQ(chosen.chat.templateName, std::nullopt);
  EXPECT_EQ(chosen.chat.source, "<|im_start|>{{ content }}");
  EXPECT_EQ(chosen.chat.options, (Options{{"dummy_prefix", "false"}, {"bos", "<s>"}, {"eos", "<|im_end|>"}}));
  EXPECT_THAT(chosen.notes, ElementsAre(HasSubstr("use --chat-template jinja to run it")));
}

TEST(TokenizerConfig, ReportsTheLeadingSpaceOfKnownTemplates) {
  EXPECT_EQ(choose({{"chat_template", kChatMl}, {"legacy", false}}).chat.options,
            (Options{{"dummy_prefix", "false"}}));
  EXPECT_THAT(choose({{"chat_template", kChatMl}, {"legacy", true}}).chat.options, IsEmpty());
  EXPECT_THAT(errorOfConfig({{"legacy", "yes"}}), HasSubstr("'legacy'"));
}

TEST(TokenizerConfig, AddsBosOrNot) {
  EXPECT_EQ(choose({{"add_bos_token", false}}).model.bosId, -1);
  EXPECT_EQ(choose({{"add_bos_token", true}}).model.bosId, ModelConfig().bosId);
  EXPECT_THAT(choose({{"add_eos_token", true}}).notes,
              ElementsAre(HasSubstr("'add_eos_token' is not applied")));
}

TEST(TokenizerConfig, ReadsAddedTokens) {
  const Json decoder = {{"32001", {{"content", "<|im_start|>"}, {"special", true}, {"lstrip", false}}},
                        {"32000", {{"content", "word"}}},
                        {"2", {{"content", "</s>"}, {"special", true}}}};
  EXPECT_THAT(choose({{"added_tokens_decoder", decoder}}).settings.addedTokens,
              ElementsAre(AddedToken{2, "</s>", true}, AddedToken{32000, "word", false},
                          AddedToken{32001, "<|im_start|>", true}));
  const auto refused = [](const Json &tokens) { return errorOfConfig({{"added_tokens_decoder", tokens}}); };
  EXPECT_THAT(refused({{"x", {{"content", "a"}}}}), HasSubstr("expected token ids as names, got 'x'"));
  EXPECT_THAT(refused({{"-1", {{"content", "a"}}}}), HasSubstr("expected token ids"));
  EXPECT_THAT(refused({{"1", Json::object()}}), HasSubstr("'content'"));
  EXPECT_THAT(refused({{"1", {{"content", "a"}}}, {"01", {{"content", "b"}}}}),
              HasSubstr("two tokens have the id 1"));
}

TEST(TokenizerConfig, ReadsTheFileOfOlderCheckpoints) {
  const Json config = {{"eos_token", {{"content", "<|im_end|>"}}},
                       {"additional_special_tokens", {"<|tool|>"}}};
  TokenizerSettings settings;
  const Json file = {{"<|tool|>", 32002}, {"<|im_end|>", 32000}, {"word", 32001}};
  ASSERT_TRUE(readAddedTokensFile(file, "added_tokens.json", config, settings).ok());
  EXPECT_THAT(settings.addedTokens,
              ElementsAre(AddedToken{32000, "<|im_end|>", true}, AddedToken{32001, "word", false},
                          AddedToken{32002, "<|tool|>", true}));
  TokenizerSettings newer{.addedTokens = {{1, "x", true}}};
  ASSERT_TRUE(readAddedTokensFile(file, "added_tokens.json", config, newer).ok());
  EXPECT_EQ(newer.addedTokens.size(), 1u);
  TokenizerSettings none;
  EXPECT_THAT(readAddedTokensFile({{"a", "b"}}, "added_tokens.json", config, none).message(),
              HasSubstr("'a'"));
}

} // namespace
