// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the template plugin jinja with jinja2.
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"
#include "tests/testing/Sanitizers.h"

#include <array>
#include <ctime>
#include <gmock/gmock.h>
#include <map>
#include <set>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class JinjaChatTest : public testing::Test {
protected:
  StatusOr<ChatTemplate> compile(const std::string &text, std::vector<PluginArgument> more = {}) {
    more.insert(more.begin(), {.name = "template", .value = text, .position = 0});
    return ChatTemplate::create(*registry_, "jinja", more, vocabulary_.view());
  }
  /// The segments in one line, or the reason of the refusal.
  std::string render(const std::string &text,
                     const std::vector<ChatMessage> &messages = {{ChatRole::user, "Hi"}},
                     ChatGoal goal = ChatGoal::answer) {
    const StatusOr<ChatTemplate> chat = compile(text);
    return chat.ok() ? textOf(*chat, messages, goal) : chat.status().message();
  }
  /// The text of all segments.
  static std::string joined(const RenderedChat &chat) {
    std::string text;
    for (const ChatSegment &segment : chat.segments) {
      text += segment.text;
    }
    return text;
  }

  const NamedVocabulary vocabulary_;
  std::unique_ptr<PluginRegistry> registry_ = openRegistry();
};

// transformers gives a template the names of all roles (special_tokens_map).
TEST_F(JinjaChatTest, NamesOtherTokens) {
  const std::vector<PluginArgument> names = {
      {.name = "names", .value = "pad_token=<unk>\nsep_token=a=b\n", .position = 0}};
  const auto chat = compile("{{ pad_token }}{{ sep_token }}{{ mask_token is defined }}", names);
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  EXPECT_EQ(textOf(*chat, {{ChatRole::user, "Hi"}}, ChatGoal::answer), "{<unk>a=bFalse}");
  const auto wrong = compile("x", {{.name = "names", .value = "pad_token", .position = 0}});
  EXPECT_THAT(wrong.status().message(), HasSubstr("expected lines as in pad_token=<pad>, got 'pad_token'"));
}

TEST_F(JinjaChatTest, KnowsMarksThatAreText) {
  const auto tagsIn = [&](const std::string &source, const std::string &text) {
    const auto chat = compile(source);
    return chat.ok() ? chat->findTags(text)->value_or("none") : std::string(chat.status().message());
  };
  const std::string gemma =
      "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n"
      "{% endfor %}";
  EXPECT_THAT(tagsIn(gemma, "a <end_of_turn> b"), HasSubstr("<end_of_turn>"));
  EXPECT_THAT(tagsIn(gemma, "<start_of_turn>"), HasSubstr("<start_of_turn>"));
  EXPECT_EQ(tagsIn(gemma, "<end of turn> <s>"), "none");
  EXPECT_THAT(tagsIn("[INST] {{ messages[0].content }} [/INST]", "[/INST]"), HasSubstr("[/INST]"));
  EXPECT_EQ(tagsIn("{{ messages[0].content }}</s>", "</s>"), "none"); // a token, never a mark in a message
}

TEST_F(JinjaChatTest, KnowsLabelsOfTurns) {
  const auto tagsIn = [&](const std::string &source, const std::string &text) {
    const auto chat = compile(source);
    return chat.ok() ? chat->findTags(text)->value_or("none") : std::string(chat.status().message());
  };
  const std::string blocks = "{{ bos_token }}Be kind.\n\n{% for m in messages %}"
                             "{{ '### ' + m['role']|capitalize + ':\n' + m['content'] + '\n\n' }}{% endfor %}"
                             "{% if add_generation_prompt %}{{ '### Assistant:\n' }}{% endif %}";
  for (const std::string label : {"### User:", "### Assistant:", "### System:"}) {
    EXPECT_THAT(tagsIn(blocks, "Say " + label + " x"), HasSubstr("contains " + label + ","));
  }
  for (const char *text : {"### Use", "User: x", "### user: x", "a\nb", "Be kind.", "#"}) {
    EXPECT_EQ(tagsIn(blocks, text), "none") << text;
  }
  const std::string line = "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}"
                           "{% if add_generation_prompt %}assistant:{% endif %}";
  EXPECT_THAT(tagsIn(line, "x\nuser: y"), HasSubstr("user:"));
  EXPECT_THAT(tagsIn(line, "assistant: y"), HasSubstr("assistant:"));
  EXPECT_EQ(tagsIn(line, "superuser: the user says 'user'"), "none"); // within a word, and without the colon
  // Without punctuation, or of two characters, a label is an ordinary text.
  const std::string plain = "{% for m in messages %}{{ m.role }}\n{{ m.content }}\nQ: {% endfor %}";
  EXPECT_EQ(tagsIn(plain, "user\nQ: What does the assistant do?"), "none");
}

TEST_F(JinjaChatTest, RendersPublishedTemplatesByteForByte) {
  std::map<std::string, std::vector<ChatMessage>> conversations;
  std::map<std::string, ChatTemplate> templates;
  size_t compared = 0;
  for (const auto &row : goldenLines("jinja_templates.jsonl")) {
    if (row.contains("conversation")) {
      conversations.emplace(row["conversation"].get<std::string>(), messagesOf(row));
      continue;
    }
    if (row.contains("jinja")) {
      StatusOr<ChatTemplate> chat = compile(row["jinja"]);
      ASSERT_TRUE(chat.ok()) << row["template"] << chat.status().message();
      templates.emplace(row["template"].get<std::string>(), std::move(chat).value());
      continue;
    }
    const ChatTemplate &chat = templates.at(row["of"].get<std::string>());
    const auto rendered = chat.render(conversations.at(row["with"].get<std::string>()),
                                      row["prompt"].get<bool>() ? ChatGoal::answer : ChatGoal::record);
    if (row.contains("raised")) {
      ASSERT_FALSE(rendered.ok()) << row["of"] << row["with"];
      EXPECT_EQ(rendered.status().message(), "chat template jinja: " + row["raised"].get<std::string>());
      continue;
    }
    ASSERT_TRUE(rendered.ok()) << row["of"] << row["with"] << rendered.status().message();
    EXPECT_EQ(rendered->segments, segmentsOf(row)) << row["of"] << row["with"];
    ++compared;
  }
  EXPECT_GT(compared, 200u);
}

/// Snippets that jinja2 renders and this implementation refuses.
const std::set<std::string> kRefusedOnPurpose = {
    "{{ '%s' % 'a' }}",              // formatting
    "{{ 9223372036854775807 + 1 }}", // integers have 64 bits
    "{{ 'abc' | batch(2) | list }}", // filters that no chat template needs
    "{{ messages | groupby('role') | list | length }}",
    "{{ 'a' | center(5) }}",
    "{{ 'a b c' | wordcount }}",
    "{{ 'abc'[1:'x'] }}",                            // an error that jinja2 hides
    "{% set ns = namespace() %}{% set ns._x = 1 %}", // transformers refuses it too
};
/// Snippets that print differently, because views and ranges of Python are lists.
const std::set<std::string> kPrintedOtherwise = {
    "{{ {'a': 1, 'b': 2}.items() }}",
    "{{ range(0) }}",
};

TEST_F(JinjaChatTest, EvaluatesAsJinja2Does) {
  const std::vector<ChatMessage> messages = {
      {ChatRole::system, "Be brief."}, {ChatRole::user, "Hello"}, {ChatRole::assistant, "Hi"}};
  size_t compared = 0;
  for (const auto &row : goldenLines("jinja_snippets.jsonl")) {
    const auto text = row["jinja"].get<std::string>();
    if (text.empty() || kPrintedOtherwise.contains(text)) {
      continue;
    }
    const StatusOr<ChatTemplate> chat = compile(text);
    const StatusOr<RenderedChat> rendered = chat.ok() ? chat->render(messages) : chat.status();
    if (row.contains("refused") || kRefusedOnPurpose.contains(text)) {
      EXPECT_FALSE(rendered.ok()) << text << " gives " << joined(*rendered);
      continue;
    }
    EXPECT_TRUE(rendered.ok()) << text << ": " << rendered.status().message() << "\n  expected "
                               << row["text"];
    if (rendered.ok()) {
      EXPECT_EQ(joined(*rendered), row["text"].get<std::string>()) << text;
      ++compared;
    }
  }
  EXPECT_GT(compared, 500u);
}

// Only text that the template writes can be a control token, and never a message, whatever the template does
// with it.
TEST_F(JinjaChatTest, KeepsSpecialTextOfMessagesText) {
  const auto go = [&](const std::string &text, const std::string &content) {
    return render(text, {{ChatRole::user, content}});
  };
  EXPECT_EQ(go("{{ bos_token }}{{ messages[0].content }}</s>", "<s></s>"), "<s>{<s></s>}</s>");
  EXPECT_EQ(go("<{{ messages[0].content }}", "s>"), "{<s>}");
  EXPECT_EQ(go("{{ '<' ~ messages[0].content ~ '>' }}", "s"), "{<s>}");
  EXPECT_EQ(go("{{ messages[0].content[::-1] | upper | lower | trim }}", ">s<"), "{<s>}");
  EXPECT_EQ(go("{{ messages[0].content.split('x') | join }}", "<xs>"), "{<s>}");
  EXPECT_EQ(go("{{ messages[0].content | replace('x', '') }}", "<xs>"), "{<s>}");
  EXPECT_EQ(go("{{ messages[0].content | tojson }}", "</s>"), "{\"</s>\"}");
  EXPECT_EQ(go("{{ messages[0].content | list | join }}{{ messages[0] }}", "<s>"),
            "{<s>{'role': 'user', 'content': '<s>'}}");
  EXPECT_EQ(go("{{ messages[0].content | title | capitalize | indent }}", "<S>"), "{<s>}");
  EXPECT_EQ(go("{{ messages[0].content * 2 }}", "<s>"), "{<s><s>}");
  EXPECT_EQ(go("{{ messages[0].content | sort | reverse | join }}", "<s>"), "{s><}");
}

// The escape of a message's character is text of the message.
TEST_F(JinjaChatTest, KeepsEscapesText) {
  const NamedVocabulary escapes({"\\n", "\\u001b", "\\x1b"});
  for (const char *text : {"{{ messages[0].content | tojson }}", "{{ [messages[0].content] }}"}) {
    const auto chat = ChatTemplate::create(
        *registry_, "jinja", {{.name = "template", .value = text, .position = 0}}, escapes.view());
    const auto rendered = chat->render(std::vector<ChatMessage>{{ChatRole::user, "a\nb\x1b"}});
    ASSERT_TRUE(rendered.ok()) << rendered.status().message();
    EXPECT_EQ(rendered->segments.size(), 1u) << text;
  }
}

// Comparisons ignore the mark of messages.
TEST_F(JinjaChatTest, ComparesTextOfMessagesAsText) {
  EXPECT_EQ(render("{{ messages[0].content == '<s>' }}{{ '<s>' in messages[0].content }}"
                   "{{ messages[0].content == bos_token }}{{ messages[0].content is eq('<s>') }}"
                   "{{ {'<s>': 1}[messages[0].content] }}{{ messages[0].content.startswith(bos_token) }}",
                   {{ChatRole::user, "<s>"}}),
            "{TrueTrueTrueTrue1True}");
  EXPECT_EQ(
      render("{{ (bos_token ~ messages[0].content) | replace('<s>', '</s>') }}", {{ChatRole::user, "<s>"}}),
      "</s></s>"); // the text that the template inserted
}

TEST_F(JinjaChatTest, TakesTokensFromTheVocabularyOrOptions) {
  EXPECT_EQ(render("{{ bos_token }}a{{ eos_token }}<|im_start|>"), "<s>{a}</s><|im_start|>");
  const auto named =
      compile("{{ bos_token }}{{ eos_token }}", {{.name = "bos", .value = "<|tool|>", .position = 0},
                                                 {.name = "eos", .value = "x", .position = 0}});
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(textOf(*named, {{ChatRole::user, "a"}}), "<|tool|>{x}");
  const auto legacy = compile("<s>a", {{.name = "dummy_prefix", .value = "false", .position = 0}});
  EXPECT_EQ(textOf(*legacy, {{ChatRole::user, "a"}}), "<s>~{a}");
  const auto blocks =
      compile("{% if true %}\na{% endif %}", {{.name = "trim_blocks", .value = "false", .position = 0}});
  EXPECT_EQ(textOf(*blocks, {{ChatRole::user, "a"}}), "{\na}");
}

TEST_F(JinjaChatTest, StopsAtATokenOrText) {
  const auto stops = [&](const std::string &stop) {
    return *compile("a", {{.name = "stop", .value = stop, .position = 0}})
                ->render(std::vector<ChatMessage>{{ChatRole::user, "a"}});
  };
  EXPECT_THAT(stops("<|im_end|>").stopIds, ElementsAre(4));
  EXPECT_THAT(stops("###").stopTexts, ElementsAre("###"));
  EXPECT_TRUE(stops("").stopTexts.empty());
}

// What a template writes behind an answer ends the next one.
TEST_F(JinjaChatTest, StopsAtTheEndOfATurn) {
  const auto stops = [&](const std::string &end) {
    return *compile("{% for m in messages %}{{ m.role }}: {{ m.content | trim }}" + end + "{% endfor %}")
                ->render(std::vector<ChatMessage>{{ChatRole::user, "a"}});
  };
  EXPECT_THAT(stops("<|im_end|>\n").stopIds, ElementsAre(4));
  EXPECT_THAT(stops(" {{ eos_token }}\n").stopIds, ElementsAre(2));
  EXPECT_THAT(stops("<|end|>\n").stopTexts, ElementsAre("<|end|>"));
  EXPECT_THAT(stops("\n</answer> x").stopTexts, ElementsAre("</answer>"));
  for (const char *none : {"\n", "", ".\n", "\n### x", "<"}) {
    EXPECT_TRUE(stops(none).stopTexts.empty()) << none;
    EXPECT_TRUE(stops(none).stopIds.empty()) << none;
  }
  EXPECT_TRUE(compile("{{ raise_exception('no') }}").ok());
}

// Tokens that are not control tokens are written by name if the option lists them.
TEST_F(JinjaChatTest, WritesTheTokensOfAnOption) {
  const auto chat =
      compile("<a>{{ messages[0].content }}<b>", {{.name = "tokens", .value = "<a>\n\n<b>", .position = 0}});
  ASSERT_TRUE(chat.ok()) << chat.status().message();
  EXPECT_EQ(textOf(*chat, {{ChatRole::user, "<a>x"}}), "<a>{<a>x}<b>");
}

TEST_F(JinjaChatTest, ContinuesAnUnfinishedAnswer) {
  const std::vector<ChatMessage> messages = {{ChatRole::user, "a"}, {ChatRole::assistant, " b "}};
  const auto go = [&](const std::string &text) { return render(text, messages, ChatGoal::continueLast); };
  const std::string turns = "{% for m in messages %}[{{ m.content }}]{{ eos_token }}{% endfor %}";
  EXPECT_EQ(go(turns), "{[a]}</s>{[ b }");
  EXPECT_EQ(go("{% for m in messages %}[{{ m.content | trim }}]{{ eos_token }}{% endfor %}"),
            "{[a]}</s>{[b}");
  EXPECT_EQ(go("{% if messages[1].content == ' b ' and messages[1].content | length == 3 %}" + turns +
               "{% endif %}"),
            "{[a]}</s>{[ b }"); // the template sees the text unchanged
  EXPECT_EQ(go("{{ messages[1].content }}|{{ messages[1].content | upper }}|"), "{ b | B }");
  EXPECT_THAT(go("{{ raise_exception(messages[1].content) }}"), testing::EndsWith("jinja:  b "));
  EXPECT_THAT(go("{{ messages[0].content }}"), HasSubstr("omits the last message"));
  EXPECT_EQ(render(turns + "{% if add_generation_prompt %}[{% endif %}",
                   {{ChatRole::user, "a"}, {ChatRole::assistant, " "}}, ChatGoal::continueLast),
            "{[a]}</s>{[}"); // an empty continuation
  EXPECT_THAT(render(turns, {{ChatRole::user, "a"}}, ChatGoal::continueLast), HasSubstr("unfinished answer"));
}

std::string localTime(const char *format) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 200> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &local)};
}

// A character of the result is that of a message if the format is.
TEST_F(JinjaChatTest, WritesTheLocalDate) {
  const std::string before = localTime("%d %b %Y, %A %%");
  const std::string text = render("{{ strftime_now('%d %b %Y, %A %%') }}");
  EXPECT_TRUE(text == "{" + before + "}" || text == "{" + localTime("%d %b %Y, %A %%") + "}") << text;
  EXPECT_EQ(render("x{{ strftime_now('') }}y"), "{xy}");
  EXPECT_EQ(render("{{ strftime_now('<s>') }}"), "<s>");
  EXPECT_EQ(render("{{ strftime_now(messages[0].content) }}", {{ChatRole::user, "<s>"}}), "{<s>}");
  EXPECT_THAT(render("{{ strftime_now('%c' * 1000) }}"), HasSubstr("a format of at most"));
}

TEST_F(JinjaChatTest, NamesThePlaceOfMistakes) {
  EXPECT_THAT(render("a\n{% if x %}b"),
              HasSubstr("line 2, column 12: expected {% endif %}, got the end of the template"));
  EXPECT_THAT(render("\n{{ 'a' | shout }}"), HasSubstr("line 2, column 10: no filter named 'shout'"));
  EXPECT_THAT(render("{{ 1 is large }}"), HasSubstr("line 1, column 9: no test named 'large'"));
  EXPECT_THAT(render("{% include 'x' %}"), HasSubstr("unknown tag 'include'"));
  EXPECT_THAT(render("{{ a b }}"), HasSubstr("line 1, column 6: expected the end of the tag, got 'b'"));
  EXPECT_THAT(render("{{ '\n' ~ (1 + 'a') }}"),
              HasSubstr("unsupported operand types for +: 'int' and 'str'"));
  EXPECT_THAT(render("x{{ strftime_now(1) }}"),
              HasSubstr("line 1, column 17: 'strftime_now' expected a str, got int"));
  EXPECT_THAT(render("{{ messages.append(1) }}"), HasSubstr("cannot modify a list"));
  EXPECT_THAT(render("{{ raise_exception('Only users!') }}"), testing::EndsWith("jinja: Only users!"));
  EXPECT_THAT(render(""), HasSubstr("expected"));
  EXPECT_THAT(render("\xFF"), HasSubstr("the template is not UTF-8"));
  EXPECT_THAT(render("{{ messages[0].content }}", {{ChatRole::user, "\xF4\x90\x80\x80"}}),
              HasSubstr("message 1 is not UTF-8"));
}

// Every template terminates, and the message states which bound ended it.
TEST_F(JinjaChatTest, BoundsTimeMemoryAndDepth) {
  const auto refused = [&](const std::string &text) {
    return testing::Matches(HasSubstr("does not end within"))(render(text));
  };
  EXPECT_TRUE(refused("{% for i in range(10**9) %}{% endfor %}"));
  EXPECT_TRUE(refused("{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}"));
  EXPECT_TRUE(refused("{{ 'a' * 10**12 }}"));
  EXPECT_TRUE(refused("{{ [1] * 10**12 }}"));
  EXPECT_TRUE(refused("{{ ([1] * 10**6) * 10**6 }}"));
  EXPECT_TRUE(refused(
      "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"));
  EXPECT_TRUE(refused("{% set ns = namespace(x='ab'*1000) %}{% for i in range(99) %}{% set ns.x = ns.x | "
                      "replace('a', ns.x) %}{% endfor %}"));
  EXPECT_TRUE(refused("{% set x = 'a' * 10**6 %}{{ x.strip(x) }}"));
  EXPECT_TRUE(refused("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] "
                      "%}{% endfor %}{{ ns.x }}"));
  EXPECT_TRUE(refused("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] "
                      "%}{% endfor %}{{ ns.x == ns.x }}"));
  const std::string large = "{% set s = 'a' * 1000 * 500 %}{% set ns = namespace() %}";
  const std::string often = "{% for i in range(100000) %}", end = "{% endfor %}";
  std::vector<std::string> bodies = {"{{ ''.join([s] * 200000) | length }}",
                                     "{% set x = {}[s] %}",
                                     "{% set x = [1][s] %}",
                                     "{% set x = ns[s] %}",
                                     "{% set x = s | int %}",
                                     "{% set x = s | float %}",
                                     "{% set x = [] | map(s) %}",
                                     "{% set x = [1] | map(attribute=s) | list %}",
                                     "{% set x = s.startswith((s,) * 1000) %}",
                                     "{% set x = 1.5 | round(0, s) %}"};
  bodies.resize(test::kUnderAddressSanitizer ? 2 : bodies.size());
  for (const std::string &body : bodies) {
    EXPECT_TRUE(refused(large + often + body + end)) << body;
  }
  EXPECT_TRUE(refused(
      "{% set s = '\x01' * 1000 * 1000 %}{% for i in range(45) %}{% set x = s | tojson %}{% endfor %}"));
  EXPECT_TRUE(refused("{% set s = '<' * 1000 * 1000 %}{{ s }}{{ s }}{{ s }}"));
  EXPECT_THAT(render("{{ " + std::string(300, 'a') + " }}"), HasSubstr("a name of at most 256 characters"));
  EXPECT_THAT(
      render("{% set ns = namespace(v=(1,)) %}{% for i in range(130000) %}{% set ns.v = ({ns.v: 1},) %}"
             "{% endfor %}"),
      HasSubstr("cannot be a key of a dict"));
  EXPECT_THAT(
      render(
          "{% set ns = namespace(v=1) %}{% for i in range(12000) %}{% for a in [ns.v, 0] %}{% if loop.last "
          "%}{% set ns.v = [loop] %}{% endif %}{% endfor %}{% endfor %}"),
      HasSubstr("nested more than 64 levels"));
  EXPECT_THAT(
      render("{% set ns = namespace(x=[]) %}{% for i in range(99) %}{% set ns.x = [ns.x] %}{% endfor %}"),
      HasSubstr("nested more than 64 levels"));
  EXPECT_THAT(render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), HasSubstr("levels deep"));
  EXPECT_THAT(render("{% for i in range(99999) %}{% set x = namespace() %}{% endfor %}"),
              HasSubstr("10000 namespaces"));
  EXPECT_THAT(render("{{ " + std::string(9999, '(') + "1" + std::string(9999, ')') + " }}"),
              HasSubstr("levels of nesting"));
  EXPECT_THAT(render("{{ " + std::string(9999, '-') + "1 }}"), HasSubstr("levels of nesting"));
  std::string chain = "{{ 1";
  std::string blocks;
  for (int i = 0; i < 9999; ++i) {
    chain += " + 1";
    blocks += "{% if true %}";
  }
  EXPECT_THAT(render(chain + " }}"), HasSubstr("expected an expression of at most"));
  EXPECT_THAT(render(blocks), HasSubstr("nested blocks"));
  EXPECT_THAT(render(std::string(300000, 'a')), HasSubstr("bytes, expected at most"));
  EXPECT_EQ(
      render("{% set ns = namespace() %}{% set ns.a = ns %}{% macro m() %}{% endmacro %}{% set ns.m = m %}x"),
      "{x}");
}

} // namespace
} // namespace cria
