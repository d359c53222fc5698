// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is the text of a chat template. Every template terminates, and no message becomes a
// control token.
#include "runtime/plugin/ChatTemplate.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/runtime/plugin/NamedVocabulary.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <cstdlib>

using namespace cria;

namespace {

std::unique_ptr<PluginRegistry> openPlugins() {
  const std::filesystem::path plugins = std::filesystem::path(CRIA_BINARY_DIR) / "plugins";
  return PluginRegistry::create({.folders = {plugins}, .environment = {}, .executable = {}}).value();
}

/// No template text below spells this token, so only a message could have written it.
constexpr const char *kOnlyInMessages = "<|in a message|>";

void check(const RenderedChat &chat) {
  for (const ChatSegment &segment : chat.segments) {
    if (segment.kind == ChatSegment::Kind::special && segment.text == kOnlyInMessages) {
      abort();
    }
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const NamedVocabulary vocabulary({"<|im_start|>", "<|im_end|>", "<|tool|>", kOnlyInMessages});
  static const std::unique_ptr<PluginRegistry> registry = openPlugins();
  const std::string text(reinterpret_cast<const char *>(data), size);
  const auto chat = ChatTemplate::create(
      *registry, "jinja", {{.name = "template", .value = text, .position = 0}}, vocabulary.view());
  if (!chat.ok()) {
    return 0;
  }
  const std::vector<ChatMessage> messages = {{ChatRole::system, kOnlyInMessages},
                                             {ChatRole::user, "</s> \xF0\x9F\x98\x80\n"},
                                             {ChatRole::assistant, std::string(" b ") + kOnlyInMessages}};
  const bool spellsIt = text.find("in a message") != std::string::npos;
  for (const ChatGoal goal : {ChatGoal::answer, ChatGoal::continueLast, ChatGoal::record}) {
    if (const auto rendered = chat->render(messages, goal); rendered.ok() && !spellsIt) {
      check(*rendered);
    }
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  constexpr size_t kSnippetBytes = 600; // in one seed
  std::vector<std::string> seeds;
  for (const auto &row : goldenLines("jinja_templates.jsonl")) {
    if (row.contains("jinja")) {
      seeds.push_back(row["jinja"]);
    }
  }
  seeds.emplace_back();
  for (const auto &row : goldenLines("jinja_snippets.jsonl")) {
    if (row.contains("text")) {
      seeds.back() += row["jinja"].get<std::string>();
    }
    if (seeds.back().size() > kSnippetBytes) {
      seeds.emplace_back();
    }
  }
  return seeds;
}
