// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Published chat templates are recognized, and no others.
#include "frontends/huggingface/ChatTemplates.h"

#include "support/Json.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <fmt/format.h>

using namespace cria;
using namespace cria::huggingface;

namespace {

/// As --chat-template takes it; "none" when it is not recognized.
std::string recognized(const std::string &jinja) {
  const auto known = recognizeChatTemplate(jinja);
  if (!known) {
    return "none";
  }
  std::string options;
  for (const auto &[name, value] : known->options) {
    const bool isFlag = value == "true" || value == "false";
    options += fmt::format("{}{}={}", options.empty() ? "" : ", ", name, isFlag ? value : Json(value).dump());
  }
  return options.empty() ? known->name : fmt::format("{}({})", known->name, options);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<nlohmann::json> publishedRows() {
  std::vector<nlohmann::json> rows;
  for (const auto &row : goldenLines("chat_templates.jsonl")) {
    if (row.contains("published")) {
      rows.push_back(row);
    }
  }
  return rows;
}

TEST(ChatTemplates, RecognizesPublishedOnes) {
  EXPECT_GE(publishedRows().size(), 10u);
  for (const auto &row : publishedRows()) {
    EXPECT_EQ(recognized(row["jinja"]), row["template"].get<std::string>()) << row["published"];
  }
}

TEST(ChatTemplates, SpellingDoesNotMatter) {
  for (const auto &row : publishedRows()) {
    const auto text = row["jinja"].get<std::string>();
    const auto expected = row["template"].get<std::string>();
    const bool hasText = expected == "zephyr"; // newlines between tags, which the signs take away
    EXPECT_EQ(recognized(replaced(replaced(text, "{%", "{%-  "), "%}", "	-%}")),
              hasText ? "none" : expected);
    EXPECT_EQ(recognized(replaced(text, "['role']", ".role")), expected);
    EXPECT_EQ(recognized(replaced(text, "'role'", "\"role\"")), expected);
    EXPECT_EQ(recognized("{# a comment #}" + text + "\n"), expected);
  }
}

// Every change that could change a byte of the rendered text.
TEST(ChatTemplates, NothingElseIsRecognized) {
  for (const auto &row : publishedRows()) {
    const auto text = row["jinja"].get<std::string>();
    EXPECT_EQ(recognized(text + "x"), "none");
    EXPECT_EQ(recognized(" " + text + "{{ '' }}"), "none");
    EXPECT_EQ(recognized(replaced(text, "role", "rank")), "none");
    EXPECT_EQ(recognized(replaced(text, "message", "m")), "none");
    for (size_t at = 0; at < text.size(); ++at) {
      if (std::isalnum(static_cast<unsigned char>(text[at])) != 0) { // removes a letter
        EXPECT_EQ(recognized(text.substr(0, at) + text.substr(at + 1)), "none") << row["published"] << at;
      }
    }
  }
  EXPECT_EQ(recognized(""), "none");
  EXPECT_EQ(recognized("[INST] <<SYS>> {{ messages }}"), "none");
  EXPECT_EQ(recognized("<|im_start|>{{ content }}"), "none");
  EXPECT_EQ(recognized("{% for"), "none");
}

TEST(ChatTemplates, HasOneSpelling) {
  EXPECT_EQ(canonicalJinja("a\n  {%- if  x['role']==\"it's\" -%}\n b"), "a{%if x.role==\"it's\"%}b");
  EXPECT_EQ(canonicalJinja("  {% if x %}\n\ny"), "{%if x%}\ny");
  EXPECT_EQ(canonicalJinja("{{ x }}\n{#- c #} {{ 'a\\n' }}"), "{{x}} {{\"a\n\"}}");
  EXPECT_EQ(canonicalJinja("{{ {'a': {}} }}"), "{{{\"a\":{}}}}");
  EXPECT_EQ(canonicalJinja("{{ not a and b }}"), "{{not a and b}}");
  EXPECT_EQ(canonicalJinja("{{ ['role'] }}{{ x['a b'] }}"), "{{[\"role\"]}}{{x[\"a b\"]}}");
  EXPECT_EQ(canonicalJinja("{{ 'a }}"), std::nullopt);
  EXPECT_EQ(canonicalJinja("{{ ) }}"), std::nullopt);
  EXPECT_EQ(canonicalJinja("{# "), std::nullopt);
}

} // namespace
