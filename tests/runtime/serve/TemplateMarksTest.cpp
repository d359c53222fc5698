// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokens that a message must not contain, in templates that assemble their marks at random.
#include "runtime/serve/TemplateMarks.h"

#include "format/TemplateMarks.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Vocabulary.h"
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

  ChatTemplate open(const std::string &source) {
    std::string lines = "<|system|>\n<|user|>\n<|assistant|>\n<|end|>\n<tool>";
    auto chat = ChatTemplate::create(
        *registry_, "jinja", {{.name = "template", .value = source}, {.name = "tokens", .value = lines}},
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

TEST(TemplateMarks, MentionsNamesAndTheirParts) {
  EXPECT_TRUE(mentionsToken("a [INST] b", "[INST]"));
  EXPECT_TRUE(mentionsToken("'<|' ~ role ~ '|>'", "<|system|>"));
  EXPECT_FALSE(mentionsToken("'<|' ~ role ~ '|>'", "<|tool|>"));
  EXPECT_FALSE(mentionsToken("[INST]", "<pad>"));
  EXPECT_FALSE(mentionsToken("text", ""));
}

} // namespace
} // namespace cria
