// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats in the manner of ChatML whose marks are special tokens, other tokens, or text: the ids are those of
// transformers, from the plugin jinja.
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Vocabulary.h"
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/plugin/PluginFolders.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

using Ids = std::vector<int32_t>;

StatusOr<ChatTemplate> openJinja(PluginRegistry &registry, const nlohmann::json &line,
                                 const Tokenizer &tokenizer, const Vocabulary &vocabulary) {
  std::string tokens;
  for (const std::string_view name : tokenizer.textTokens()) {
    tokens += fmt::format("{}\n", name);
  }
  const std::string hasPrefix = line["prefix"] == "always" || line["prefix"] == "each" ? "true" : "false";
  return ChatTemplate::create(registry, "jinja",
                              {{.name = "template", .value = line["jinja"].get<std::string>()},
                               {.name = "tokens", .value = tokens},
                               {.name = "dummy_prefix", .value = hasPrefix}},
                              vocabulary.view());
}

TEST(GoldenChatTokens, AreThoseOfTransformers) {
  const auto registry = openRegistry();
  for (const auto &line : goldenLines("chat_tokens.jsonl")) {
    const auto tokenizer = openStated(line);
    const Vocabulary vocabulary(tokenizer.get(), static_cast<uint32_t>(tokenizer->size()), {2}, 1);
    const auto chat = openJinja(*registry, line, *tokenizer, vocabulary);
    ASSERT_TRUE(chat.ok()) << chat.status().message();
    for (const auto &row : line["rows"]) {
      const auto goal = line.contains("plugin") ? ChatGoal::answer : ChatGoal::record;
      const auto rendered = chat->render(messagesOf(row), goal);
      ASSERT_TRUE(rendered.ok()) << rendered.status().message();
      const auto ids = encodeSegments(rendered->segments, *tokenizer);
      ASSERT_TRUE(ids.ok()) << ids.status().message();
      EXPECT_EQ(*ids, row["ids"].get<Ids>()) << line["prefix"] << line["tokens"] << line["jinja"] << row;
    }
  }
}

} // namespace
} // namespace cria
