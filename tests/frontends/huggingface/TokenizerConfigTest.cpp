// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TokenizerConfig.h"

#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

const std::string kChatMl =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}";
const std::string kMistral =
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) "
    "%}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}";

using Options = std::vector<std::pair<std::string, std::string>>;

struct Read {
  StatedTokens tokens;
  std::vector<std::string> notes;
};

Read read(const TokenizerFiles &files) {
  Read result;
  StatusOr<StatedTokens> tokens = readStatedTokens(files, result.notes);
  EXPECT_TRUE(tokens.ok()) << tokens.status().message();
  result.tokens = tokens.ok() ? std::move(*tokens) : StatedTokens();
  return result;
}

std::vector<std::string> namesOf(const std::vector<AddedToken> &tokens) {
  std::vector<std::string> names;
  std::ranges::transform(tokens, std::back_inserter(names), &AddedToken::text);
  return names;
}

std::string errorOfFiles(const TokenizerFiles &files) {
  std::vector<std::string> notes;
  return readStatedTokens(files, notes).status().message();
}

struct Chosen {
  ChatConfig chat;
  std::vector<std::string> notes;
};

Chosen choose(const std::string &chatTemplate, const StatedTokens &tokens = {}) {
  Chosen chosen;
  chooseChatTemplate(chatTemplate, tokens, "tokenizer_config.json", chosen.chat, chosen.notes);
  return chosen;
}

/// The class is stated, and so is add_bos_token.
Json llama(Json members) {
  members["tokenizer_class"] = "LlamaTokenizer";
  members.emplace("add_bos_token", true);
  return members;
}

PrefixRule prefixOf(const Json &members, const Json &tokenizer = Json::object()) {
  return read({.config = llama(members), .tokenizer = tokenizer}).tokens.prefix;
}

Json metaspace(const std::string &scheme) {
  return {{"pre_tokenizer",
           {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", scheme}, {"split", false}}}};
}

TEST(TokenizerConfig, ReadsThePrefix) {
  EXPECT_EQ(prefixOf({{"legacy", true}}), PrefixRule::always);
  EXPECT_EQ(prefixOf({{"legacy", false}}), PrefixRule::first);
  EXPECT_EQ(prefixOf({{"legacy", true}, {"add_prefix_space", false}}), PrefixRule::never);
  EXPECT_EQ(prefixOf({{"legacy", true}}, metaspace("first")), PrefixRule::always);
  EXPECT_THAT(errorOfFiles({.config = {{"legacy", "yes"}}}), HasSubstr("'legacy'"));
}

// Version 5 does not save it, and has another default.
TEST(TokenizerConfig, WithoutLegacyThePrefixIsThatOfTheVersion) {
  for (const Json &members : {Json::object(), Json{{"legacy", nullptr}}}) {
    EXPECT_EQ(prefixOf(members), PrefixRule::always);
    EXPECT_EQ(prefixOf(members, metaspace("first")), PrefixRule::first);
    EXPECT_EQ(prefixOf(members, metaspace("never")), PrefixRule::never);
    EXPECT_THAT(read({.config = llama(members)}).notes, ElementsAre(HasSubstr("'legacy' is not stated")));
    Json saved = members;
    saved["backend"] = "tokenizers";
    EXPECT_EQ(prefixOf(saved), PrefixRule::first);
    EXPECT_THAT(read({.config = llama(saved)}).notes, IsEmpty());
  }
}

TEST(TokenizerConfig, OtherClassesTakeThePrefixOfTokenizerJson) {
  const auto rule = [](const char *name, const Json &tokenizer) {
    return read({.config = {{"tokenizer_class", name}, {"add_bos_token", true}, {"legacy", true}},
                 .tokenizer = tokenizer})
        .tokens.prefix;
  };
  for (const char *name : {"PreTrainedTokenizerFast", "TokenizersBackend"}) {
    EXPECT_EQ(rule(name, metaspace("always")), PrefixRule::always);
    EXPECT_EQ(rule(name, metaspace("first")), PrefixRule::first);
    EXPECT_EQ(rule(name, Json::object()), PrefixRule::each); // as SentencePiece
  }
  // The normalizers of versions 4 and 5.
  const Json replace = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}};
  const Json prepend = {{"type", "Prepend"}, {"prepend", "\u2581"}};
  const Json twice = {
      {"type", "Replace"}, {"pattern", {{"Regex", "\\A\u2581"}}}, {"content", "\u2581\u2581"}};
  const auto sequence = [](const std::vector<Json> &steps) {
    return Json{{"type", "Sequence"}, {"normalizers", steps}};
  };
  EXPECT_EQ(rule("TokenizersBackend", {{"normalizer", sequence({prepend, replace})}}), PrefixRule::each);
  EXPECT_EQ(rule("TokenizersBackend", {{"normalizer", replace}}), PrefixRule::never);
  Json both = metaspace("always");
  both["normalizer"] = sequence({replace, twice});
  EXPECT_EQ(rule("TokenizersBackend", both), PrefixRule::each);
  both["added_tokens"] = {{{"id", 800}, {"content", "word"}}};
  EXPECT_THAT(read({.tokenizer = both}).notes, testing::Contains(HasSubstr("'word' (id 800) is normalized")));
  EXPECT_EQ(rule("CodeLlamaTokenizerFast", metaspace("always")), PrefixRule::first);
  EXPECT_EQ(read({}).tokens.prefix, PrefixRule::each);
  EXPECT_EQ(read({.model = {{"tokenizer_class", "CodeLlamaTokenizer"}}}).tokens.prefix, PrefixRule::first);
  EXPECT_THAT(read({.config = {{"add_prefix_space", false}}}).notes,
              testing::Contains(HasSubstr("'add_prefix_space' = false is not applied")));
}

TEST(TokenizerConfig, RefusesOtherTokenizers) {
  for (const char *name :
       {"GemmaTokenizer", "T5TokenizerFast", "GPT2Tokenizer", "LlamaTokenizerFastFast", "x"}) {
    EXPECT_THAT(errorOfFiles({.config = {{"tokenizer_class", name}}}),
                AllOf(HasSubstr(std::string("got '") + name + "'"),
                      HasSubstr("state \"tokenizer_class\": \"LlamaTokenizer\"")));
  }
  EXPECT_THAT(errorOfFiles({.config = {{"tokenizer_class", 1}}}), HasSubstr("'tokenizer_class'"));
  EXPECT_THAT(errorOfFiles({.model = {{"tokenizer_class", "GemmaTokenizer"}}}),
              HasSubstr("/config.json: expected 'tokenizer_class'"));
  EXPECT_THAT(errorOfFiles({.config = {{"auto_map", {{"AutoTokenizer", {"a", nullptr}}}}}}),
              HasSubstr("'auto_map' names code of its own"));
  const Json bytes = {{"pre_tokenizer", {{"type", "ByteLevel"}}}};
  EXPECT_THAT(errorOfFiles({.config = llama({}), .tokenizer = bytes}), HasSubstr("(ByteLevel)"));
  const Json splits = {{"pre_tokenizer", {{"type", "Whitespace"}}}};
  EXPECT_THAT(
      errorOfFiles({.config = {{"tokenizer_class", "TokenizersBackend"}}, .tokenizer = splits}),
      HasSubstr("with the class TokenizersBackend transformers takes the tokenizer from tokenizer.json"));
  EXPECT_THAT(errorOfFiles({.tokenizer = splits}), HasSubstr("remove tokenizer.json"));
  TokenizerFiles without{.config = {{"tokenizer_class", "GemmaTokenizer"}}};
  without.hasModel = false; // what is missing is named elsewhere
  EXPECT_THAT(read(without).notes, IsEmpty());
}

TEST(TokenizerConfig, ReadsBos) {
  EXPECT_TRUE(read({.config = {{"add_bos_token", true}}}).tokens.addsBos);
  EXPECT_FALSE(read({.config = {{"add_bos_token", false}}}).tokens.addsBos);
  EXPECT_FALSE(read({.config = {{"add_bos_token", nullptr}}}).tokens.addsBos); // as in both versions
  const Read absent = read({});
  EXPECT_TRUE(absent.tokens.addsBos);
  EXPECT_THAT(absent.notes, ElementsAre(HasSubstr("'add_bos_token' is not stated")));
  EXPECT_THAT(read({.config = {{"add_bos_token", true}, {"add_eos_token", true}}}).notes,
              ElementsAre(HasSubstr("'add_eos_token' is not applied")));
  EXPECT_TRUE(read({.config = {{"add_eos_token", nullptr}, {"add_bos_token", true}}}).notes.empty());
}

Json processor(const std::vector<std::string> &before, const std::vector<std::string> &after = {}) {
  Json single = Json::array();
  const auto add = [&single](const std::vector<std::string> &names) {
    for (const std::string &name : names) {
      single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
    }
  };
  add(before);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  add(after);
  return {{"post_processor", {{"type", "TemplateProcessing"}, {"single", single}}}};
}

TEST(TokenizerConfig, TheTemplateOfTokenizerJsonDecidesAboutBos) {
  const auto readWith = [](const Json &tokenizer, std::optional<bool> adds,
                           const char *name = "LlamaTokenizer") {
    Json config = {{"tokenizer_class", name}, {"legacy", false}};
    if (adds) {
      config["add_bos_token"] = *adds;
    }
    return read({.config = config, .tokenizer = tokenizer});
  };
  EXPECT_EQ(readWith(processor({"<b>"}), true).tokens.promptBos, "<b>");
  const Read listOnly = readWith({{"added_tokens", Json::array()}}, true); // no tokenizer of its own
  EXPECT_TRUE(listOnly.tokens.addsBos);
  EXPECT_THAT(listOnly.notes, IsEmpty());
  EXPECT_THAT(readWith(processor({"<b>"}), {}).notes, IsEmpty());
  const Read contrary = readWith(processor({"<s>"}), false);
  EXPECT_TRUE(contrary.tokens.addsBos);
  EXPECT_THAT(contrary.notes, ElementsAre(HasSubstr("'add_bos_token' = false does not count")));
  const Read none = readWith(processor({}, {"</s>"}), {});
  EXPECT_FALSE(none.tokens.addsBos);
  EXPECT_THAT(none.notes, ElementsAre(HasSubstr("'</s>', which the post_processor puts behind texts"),
                                      HasSubstr("'add_bos_token' is absent and does not count")));
  EXPECT_TRUE(readWith(processor({}), false, "CodeLlamaTokenizer").tokens.addsBos);
  const Json sequence = {{"post_processor",
                          {{"type", "Sequence"},
                           {"processors", {{{"type", "TemplateProcessing"}, {"single", Json::array()}}}}}}};
  const auto refused = [](const Json &tokenizer) {
    return errorOfFiles({.config = llama({}), .tokenizer = tokenizer});
  };
  EXPECT_THAT(refused(sequence), HasSubstr("to contain the sequence A"));
  EXPECT_THAT(refused(processor({"<a>", "<b>"})), HasSubstr("to begin texts with one token, got 2"));
  EXPECT_THAT(refused({{"post_processor", {{"type", "BertProcessing"}}}}), HasSubstr("TemplateProcessing"));
}

TEST(TokenizerConfig, ReadsAddedTokens) {
  const Json decoder = {
      {"32001", {{"content", "<|im_start|>"}, {"special", true}, {"lstrip", true}, {"single_word", true}}},
      {"32000", {{"content", "word"}, {"rstrip", true}}},
      {"2", {{"content", "</s>"}, {"special", true}, {"normalized", true}}}};
  EXPECT_THAT(
      read({.config = llama({{"added_tokens_decoder", decoder}})}).tokens.added,
      ElementsAre(
          AddedToken{.id = 2, .text = "</s>", .isSpecial = true, .isNormalized = true},
          AddedToken{.id = 32000, .text = "word", .stripsRight = true, .isNormalized = true},
          AddedToken{
              .id = 32001, .text = "<|im_start|>", .isSpecial = true, .stripsLeft = true, .isWord = true}));
  const auto refused = [](const Json &tokens) {
    return errorOfFiles({.config = {{"added_tokens_decoder", tokens}}});
  };
  EXPECT_THAT(refused({{"x", {{"content", "a"}}}}), HasSubstr("expected token ids as names, got 'x'"));
  EXPECT_THAT(refused({{"-1", {{"content", "a"}}}}), HasSubstr("expected token ids"));
  EXPECT_THAT(refused({{"1", Json::object()}}), HasSubstr("'content'"));
  EXPECT_THAT(refused({{"1", {{"content", "a"}}}, {"01", {{"content", "b"}}}}),
              HasSubstr("two tokens have the id 1"));
}

TEST(TokenizerConfig, ReadsTheFileOfOlderCheckpoints) {
  TokenizerFiles files{.config = llama({{"eos_token", {{"content", "<|im_end|>"}}},
                                        {"additional_special_tokens", {"<|tool|>"}}}),
                       .addedTokens = {{"<|tool|>", 32002}, {"<|im_end|>", 32000}, {"word", 32001}}};
  EXPECT_THAT(read(files).tokens.added,
              ElementsAre(AddedToken{.id = 32000, .text = "<|im_end|>", .isSpecial = true},
                          AddedToken{.id = 32001, .text = "word", .isNormalized = true},
                          AddedToken{.id = 32002, .text = "<|tool|>", .isSpecial = true}));
  files.config["added_tokens_decoder"] = {{"1", {{"content", "x"}, {"special", true}}}};
  EXPECT_THAT(read(files).tokens.added, ElementsAre(AddedToken{1, "x", true}));
  EXPECT_THAT(errorOfFiles({.addedTokens = {{"a", "b"}}}), HasSubstr("'a'"));
}

// transformers 5 writes tokenizer.json without added_tokens_decoder.
TEST(TokenizerConfig, ReadsTheTokensOfTokenizerJson) {
  TokenizerFiles files{
      .config = llama({}),
      .tokenizer = {{"added_tokens",
                     {{{"id", 1026}, {"content", "<tool>"}, {"special", false}, {"normalized", false}},
                      {{"id", 1024}, {"content", "<|im_start|>"}, {"special", true}}}}}};
  const AddedToken start{1024, "<|im_start|>", true}, tool{1026, "<tool>", false};
  EXPECT_THAT(read(files).tokens.added, ElementsAre(start, tool));
  files.addedTokens = {{"other", 1026}, {"word", 1027}}; // tokenizer.json goes first
  EXPECT_THAT(read(files).tokens.added,
              ElementsAre(start, tool, AddedToken{.id = 1027, .text = "word", .isNormalized = true}));
  files.config["added_tokens_decoder"] = {
      {"1026", {{"content", "mine"}, {"normalized", false}}}}; // goes before both
  EXPECT_THAT(read(files).tokens.added, ElementsAre(start, AddedToken{1026, "mine", false}));
  EXPECT_THAT(read(files).notes, testing::Contains(HasSubstr("'added_tokens' has 1 tokens that")));
  EXPECT_THAT(read({.config = llama({}), .tokenizer = {{"version", "1.0"}}}).tokens.added, IsEmpty());
  EXPECT_THAT(errorOfFiles({.config = llama({}), .tokenizer = {{"added_tokens", 1}}}),
              HasSubstr("'added_tokens'"));
}

TEST(TokenizerConfig, ReadsNames) {
  const StatedTokens tokens =
      read({.config = {{"bos_token", {{"content", "<b>"}}},
                       {"eos_token", nullptr},
                       {"pad_token", "<pad>"},
                       {"image_token", "<image>"},
                       {"additional_special_tokens", {"<x>", {{"content", "<y>"}}}},
                       {"extra_special_tokens", {{"role", "<z>"}}},
                       {"added_tokens_decoder", {{"5", {{"content", "<pad>"}, {"normalized", false}}}}}},
            .specialMap = {{"bos_token", "<other>"}}})
          .tokens;
  EXPECT_EQ(tokens.bos, "<b>");
  EXPECT_EQ(tokens.eos, "");
  EXPECT_THAT(namesOf(tokens.special), ElementsAre("<b>", "<pad>", "<image>", "<z>")); // not the older list
  EXPECT_THAT(tokens.added, ElementsAre(AddedToken{5, "<pad>", true})); // what has a role is special
  EXPECT_EQ(read({}).tokens.bos, std::nullopt);
  // Without a list of added tokens, special_tokens_map.json goes first.
  EXPECT_EQ(read({.config = {{"bos_token", "<b>"}}, .specialMap = {{"bos_token", "<other>"}}}).tokens.bos,
            "<other>");
  EXPECT_THAT(errorOfFiles({.config = {{"bos_token", 1}}}),
              AllOf(HasSubstr("'bos_token'"), HasSubstr("got 1")));
}

TEST(TokenizerConfig, ReadsFlagsOfNamedTokens) {
  const Json typed = {{"__type", "AddedToken"}, {"content", "<x>"}, {"lstrip", true}, {"normalized", false}};
  const Json plain = {{"content", "<y>"}, {"single_word", true}};
  const AddedToken x{.text = "<x>", .stripsLeft = true}, y{.text = "<y>", .isSpecial = true, .isWord = true};
  AddedToken role = x; // a role makes special
  role.isSpecial = true;
  for (const char *member : {"additional_special_tokens", "extra_special_tokens"}) {
    EXPECT_THAT(read({.config = {{member, {typed, plain, "<z>"}}}}).tokens.special,
                ElementsAre(x, y, AddedToken{.text = "<z>", .isSpecial = true}));
    EXPECT_THAT(read({.config = {{member, {{"name", typed}}}}}).tokens.special, ElementsAre(role));
    EXPECT_THAT(read({.config = {{member, nullptr}}}).tokens.special, IsEmpty());
  }
  EXPECT_THAT(read({.config = {{"pad_token", typed}, {"image_token", plain}}}).tokens.special,
              ElementsAre(role, y));
  const Json both = {{"extra_special_tokens", {"<x>"}}, {"additional_special_tokens", {"<y>"}}};
  EXPECT_THAT(namesOf(read({.config = both}).tokens.special), ElementsAre("<x>"));
  EXPECT_THAT(
      namesOf(read({.config = both, .specialMap = {{"extra_special_tokens", {"<z>"}}}}).tokens.special),
      ElementsAre("<x>", "<z>"));
  EXPECT_THAT(errorOfFiles({.config = {{"pad_token", {{"content", "<x>"}, {"lstrip", 1}}}}}),
              AllOf(HasSubstr("pad_token"), HasSubstr("'lstrip'")));
}

TEST(TokenizerConfig, TakesTheDefaultTemplate) {
  std::vector<std::string> notes;
  const auto read = [&notes](const Json &json) {
    return readChatTemplate(Json{{"chat_template", json}}, "tokenizer_config.json", notes);
  };
  EXPECT_EQ(*read("text"), "text");
  EXPECT_EQ(*read({{{"name", "default"}, {"template", "a"}}, {{"name", "tools"}, {"template", "b"}}}), "a");
  EXPECT_EQ(*read(nullptr), std::nullopt);
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(*read(Json::array({{{"name", "tools"}, {"template", "b"}}})), std::nullopt);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("none of the 1 chat templates is named 'default'")));
  EXPECT_THAT(read(1).status().message(), HasSubstr("a string or a list of templates"));
}

TEST(TokenizerConfig, KeepsTheTextOfEveryTemplate) {
  const Chosen known = choose(kChatMl, {.bos = "<s>", .prefix = PrefixRule::first});
  EXPECT_EQ(known.chat.templateName, "chatml");
  EXPECT_EQ(known.chat.options, (Options{{"dummy_prefix", "false"}}));
  EXPECT_EQ(known.chat.source, kChatMl);
  EXPECT_EQ(known.chat.sourceOptions, (Options{{"bos", "<s>"}, {"dummy_prefix", "false"}}));
  EXPECT_THAT(known.notes, IsEmpty());
  const Chosen other = choose("<|im_start|>{{ content }}", {.bos = "<s>", .eos = "<|im_end|>"});
  EXPECT_EQ(other.chat.templateName, std::nullopt);
  EXPECT_EQ(other.chat.source, "<|im_start|>{{ content }}");
  EXPECT_THAT(other.chat.options, IsEmpty());
  EXPECT_EQ(other.chat.sourceOptions, (Options{{"bos", "<s>"}, {"eos", "<|im_end|>"}}));
  EXPECT_THAT(other.notes, ElementsAre(HasSubstr("the plugin jinja runs it")));
  EXPECT_EQ(choose("").chat, ChatConfig());
}

// Their plugins write <s> and </s>.
TEST(TokenizerConfig, RunsTemplatesWithOtherTokensByJinja) {
  EXPECT_EQ(choose(kMistral).chat.templateName, "mistral");
  EXPECT_EQ(choose(kMistral, {.bos = "<s>", .eos = "</s>"}).chat.templateName, "mistral");
  EXPECT_EQ(choose(kMistral, {.eos = "<|im_end|>"}).chat.templateName, std::nullopt);
  EXPECT_EQ(choose(kMistral, {.bos = "<b>"}).chat.templateName, std::nullopt);
  EXPECT_EQ(choose(kChatMl, {.eos = "<|im_end|>"}).chat.templateName, "chatml");
}

// A plugin would write their names as text.
TEST(TokenizerConfig, RunsTemplatesThatWriteTokensByJinja) {
  const Chosen chosen = choose(kMistral, {.added = {{32000, "[INST]", true}}});
  EXPECT_EQ(chosen.chat.templateName, std::nullopt);
  EXPECT_THAT(chosen.notes, ElementsAre(AllOf(HasSubstr("that of the plugin mistral"),
                                              HasSubstr("a token '[INST]'"), HasSubstr("jinja runs it"))));
  EXPECT_EQ(choose(kMistral, {.special = {{.text = "[/INST]", .isSpecial = true}}}).chat.templateName,
            std::nullopt);
  EXPECT_EQ(choose(kMistral, {.added = {{32000, "<pad>", true}}}).chat.templateName, "mistral");
  const std::vector<AddedToken> marks = {{32000, "<|im_start|>", false}, {32001, "<|im_end|>", true}};
  EXPECT_EQ(choose(kChatMl, {.added = marks}).chat.templateName, "chatml");
  EXPECT_EQ(choose(kChatMl, {.added = {{32000, "assistant\n", false}}}).chat.templateName, std::nullopt);
  EXPECT_EQ(choose(kChatMl, {.added = {{32000, "user", false}}}).chat.templateName, std::nullopt);
  // Their parts stand in the template, which does not write them.
  for (const char *name : {"<|user|>", "<tool>", "<a>", "role", "message"}) {
    EXPECT_EQ(choose(kChatMl, {.added = {{32000, name, false}}}).chat.templateName, "chatml") << name;
  }
}

// Wherever transformers writes an added token, jinja runs the template.
TEST(TokenizerConfig, PluginsRenderTemplatesWithoutAddedTokensAlone) {
  int byJinja = 0, byPlugin = 0;
  for (const auto &line : goldenLines("chat_tokens.jsonl")) {
    if (!line.contains("plugin")) {
      continue;
    }
    StatedTokens tokens;
    for (const auto &token : line["tokens"]) {
      tokens.added.push_back({.id = token["id"], .text = token["content"], .isSpecial = token["special"]});
    }
    const Chosen chosen = choose(line["jinja"].get<std::string>(), tokens);
    const bool isPlugin = chosen.chat.templateName.has_value();
    EXPECT_TRUE(isPlugin || chosen.notes.size() == 1) << line;
    for (const auto &row : line["rows"]) {
      for (const int64_t id : isPlugin ? row["ids"].get<std::vector<int64_t>>() : std::vector<int64_t>()) {
        const auto token = std::ranges::find(tokens.added, id, &AddedToken::id);
        EXPECT_TRUE(token == tokens.added.end() || chosen.chat.templateName == "chatml") << line;
      }
    }
    ++(isPlugin ? byPlugin : byJinja);
  }
  EXPECT_GE(byJinja, 20);
  EXPECT_GE(byPlugin, 5);
}

TEST(TokenizerConfig, NotesNamesThatFilesStateDifferently) {
  const TokenizerFiles files{
      .config =
          llama({{"legacy", true}, {"bos_token", "<b>"}, {"eos_token", "</s>"}, {"pad_token", nullptr}}),
      .specialMap = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"pad_token", "<p>"}}};
  EXPECT_THAT(read(files).notes,
              ElementsAre(AllOf(HasSubstr("special_tokens_map.json: 'bos_token' is '<s>', and '<b>' in"),
                                HasSubstr("'<s>' counts")),
                          AllOf(HasSubstr("'pad_token' is '<p>', and none in"), HasSubstr("'<p>' counts"))));
  TokenizerFiles listed = files;
  listed.config["added_tokens_decoder"] = Json::object();
  EXPECT_THAT(read(listed).notes, testing::Contains(HasSubstr("'<b>' counts")));
}

TEST(TokenizerConfig, NullIsNoListOfAddedTokens) {
  const TokenizerFiles files{.config = llama({{"added_tokens_decoder", nullptr}, {"bos_token", "<b>"}}),
                             .specialMap = {{"bos_token", "<s>"}},
                             .addedTokens = {{"word", 32000}}};
  const StatedTokens tokens = read(files).tokens;
  EXPECT_THAT(tokens.added, ElementsAre(AddedToken{.id = 32000, .text = "word", .isNormalized = true}));
  EXPECT_EQ(tokens.bos, "<s>");
}

} // namespace
