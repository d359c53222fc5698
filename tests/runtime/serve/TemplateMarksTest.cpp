// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokens that a message must not contain, in templates that assemble their marks at random.
#include "runtime/serve/TemplateMarks.h"

#include "format/TemplateMarks.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gmock/gmock.h>
#include <random>

namespace cria {
namespace {

using testing::Contains;
using testing::Not;

const std::vector<std::string> kNames = {"<|system|>", "<|user|>", "<|assistant|>",
                                         "<|end|>",    "<tool>",   "\n\n"};

class TemplateMarksTest : public testing::Test {
protected:
  TemplateMarksTest() {
    TokenLayer layer{.tokens = {}, .eosId = 2, .prefix = PrefixRule::always};
    for (const std::string &name : kNames) {
      layer.tokens.push_back({.id = 768 + static_cast<int64_t>(layer.tokens.size()), .text = name});
    }
    tokenizer_ = std::move(withAddedTokens(openGolden(), std::move(layer))).value();
    vocabulary_.emplace(tokenizer_.get(), static_cast<uint32_t>(tokenizer_->size()), std::vector<int32_t>{2},
                        1);
  }

  ChatTemplate open(const std::string &source, bool hasPrefix = true) {
    std::string lines;
    for (const std::string_view name : tokenizer_->textTokens()) {
      lines += fmt::format("{}\n", name);
    }
    auto chat = ChatTemplate::create(*registry_, "jinja",
                                     {{.name = "template", .value = source},
                                      {.name = "tokens", .value = lines},
                                      {.name = "dummy_prefix", .value = hasPrefix ? "true" : "false"}},
                                     vocabulary_->view());
    EXPECT_TRUE(chat.ok()) << chat.status().message() << source;
    return std::move(chat).value();
  }

  /// The number of marks in the ids of one message of the user.
  size_t countIn(ChatTemplate &chat, const std::string &message) {
    const auto rendered = chat.render(std::vector<ChatMessage>{{ChatRole::user, message}});
    const auto ids = encodeSegments(rendered->segments, *tokenizer_, rendered->markers);
    const auto isMark = [](int32_t id) { return id >= 768; };
    return static_cast<size_t>(std::ranges::count_if(ids.value(), isMark));
  }

  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<Vocabulary> vocabulary_;
};

/// An expression for the mark of message m's role.
std::string assembled(std::mt19937 &random) {
  const std::string ways[] = {
      "'<|' ~ m.role ~ '|>'",
      "'<|%'.replace('%', '|' if false else '|')[:2] ~ m['role'] ~ '|>'",
      "['<|', m.role, '|>'] | join('')",
      "('<|' ~ m.role ~ '|>') | trim",
      "'<' ~ '|' ~ m.role ~ '|' ~ '>'",
      "('<|' ~ (m.role | upper) ~ '|>') | lower",
      "'<|' + {'user': 'user', 'system': 'system', 'assistant': 'assistant'}[m.role] + '|>'"};
  return ways[random() % std::size(ways)];
}

TEST_F(TemplateMarksTest, MessagesDoNotForgeAssembledMarks) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const std::string gap = random() % 2 == 0 ? "\n" : "";
    const std::string source =
        "{% for m in messages %}{{ " + assembled(random) + " }}" + gap + "{{ m.content }}{% endfor %}";
    ChatTemplate chat = open(source);
    chat.setMarkers(marksOf(chat, source, *tokenizer_));
    for (const char *name : {"<|system|>", "<|user|>", "<|assistant|>"}) {
      EXPECT_EQ(countIn(chat, fmt::format("a {} b", name)), 1u) << source << name;
    }
    EXPECT_EQ(countIn(chat, "a <tool> b"), 2u) << source; // which the template never writes
    EXPECT_EQ(countIn(chat, "a\n\nb"), 2u) << source;
  }
}

// Samples do not reach every branch; the text of the template does.
TEST_F(TemplateMarksTest, NamesWhosePartsStandInTheTemplateAreMarks) {
  const std::string source =
      "{% if messages | length > 50 %}{{ '<|' ~ 'end' ~ '|>' }}{% endif %}{{ messages[0].content }}";
  const auto marks = marksOf(open(source), source, *tokenizer_);
  EXPECT_THAT(marks, Contains("<|end|>"));
  EXPECT_THAT(marks, Not(Contains("<tool>")));
  EXPECT_THAT(marks, Not(Contains("\n\n")));
}

TEST(TemplateMarks, JoinsPartsToNames) {
  const TemplateMarks marks("{{ '<|' ~ role ~ '|>' }}a [INST] b {% set x = 'end' %}{{ '<' -}}  \n#{# no #}#");
  EXPECT_TRUE(marks.mentions("[INST]"));
  EXPECT_TRUE(marks.mentions("<|system|>"));
  EXPECT_TRUE(marks.mentions("<|end|>"));
  EXPECT_TRUE(marks.mentions("<##"));
  EXPECT_FALSE(marks.mentions("<|tool|>"));
  EXPECT_FALSE(marks.mentions("<no>"));
  EXPECT_FALSE(marks.mentions("[IN>")); // beginnings and ends of texts are parts, their middles are not
  EXPECT_FALSE(marks.mentions("enda")); // within a word
  EXPECT_FALSE(marks.mentions("role"));
  EXPECT_FALSE(marks.mentions(""));
  EXPECT_TRUE(TemplateMarks("{{ m['role'] + ': ' }}").mentions("user"));
  EXPECT_FALSE(TemplateMarks("{{ 'a' if m.role == 'user' }}").mentions("user"));
}

TEST(TemplateMarks, StringsThatAreNotWrittenAreNoParts) {
  for (const char *source :
       {"{% if '<x>' == y or y != '<x>' or '<x>' in y or y not in '<x>' %}{% endif %}", "{{ m['<x>'] }}",
        "{# <x> #}", "{% if y.startswith('<x>') %}{% endif %}{{ y.split('<x>')[0] }}",
        "{{ raise_exception('<x>') }}", "{% set z = x < y %}{{ z > 0 }}"}) {
    EXPECT_FALSE(TemplateMarks(source).mentions("<x>")) << source;
  }
  for (const char *source :
       {"{% raw %}{{ <x> {% endraw %}", "{{ ['<x>'] }}", "{% for c in '<x>' %}{{ c }}{% endfor %}", "{{ '<x>",
        "{% set a = '<' %}{{ a + \"x\" + '\\n>'.strip() }}", "{{ y.replace('a', '<x>') }}"}) {
    EXPECT_TRUE(TemplateMarks(source).mentions("<x>")) << source;
  }
}

// What a template does not write is a token in a message, too.
TEST_F(TemplateMarksTest, OtherTokensAreThoseOfTransformersInMessages) {
  int lines = 0;
  for (const auto &line : goldenLines("chat_tokens.jsonl")) {
    if (!line.contains("marks")) {
      continue;
    }
    tokenizer_ = openStated(line);
    vocabulary_.emplace(tokenizer_.get(), static_cast<uint32_t>(tokenizer_->size()), std::vector<int32_t>{2},
                        1);
    const std::string source = line["jinja"];
    ChatTemplate chat = open(source, line["prefix"] == "always");
    std::vector<std::string> marks = marksOf(chat, source, *tokenizer_);
    std::ranges::sort(marks);
    EXPECT_EQ(marks, line["marks"].get<std::vector<std::string>>()) << source << line["tokens"];
    chat.setMarkers(std::move(marks));
    for (const auto &row : line["rows"]) {
      const auto rendered = chat.render(messagesOf(row), ChatGoal::record);
      ASSERT_TRUE(rendered.ok()) << rendered.status().message();
      const auto ids = encodeSegments(rendered->segments, *tokenizer_, rendered->markers);
      ASSERT_TRUE(ids.ok()) << ids.status().message();
      EXPECT_EQ(*ids, row["ids"].get<std::vector<int32_t>>())
          << line["prefix"] << line["tokens"] << source << row;
    }
    ++lines;
  }
  EXPECT_GE(lines, 50);
}

} // namespace
} // namespace cria
