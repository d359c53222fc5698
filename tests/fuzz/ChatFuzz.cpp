// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a conversation, messages separated by '\n', each beginning with its role (s, u or
// a). Only the template writes control tokens, whatever the messages contain.
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/TokenizerRegistry.h"
#include "runtime/text/Vocabulary.h"
#include "tests/fuzz/FuzzTarget.h"

#include <algorithm>
#include <cstdlib>

using namespace cria;

namespace {

/// State that all runs share.
struct Fixture {
  std::unique_ptr<PluginRegistry> registry;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Vocabulary> vocabulary;
  std::vector<ChatTemplate> templates;

  Fixture() {
    const std::filesystem::path plugins = std::filesystem::path(CRIA_BINARY_DIR) / "plugins";
    registry = PluginRegistry::create({.folders = {plugins}, .environment = {}, .executable = {}}).value();
    tokenizer =
        openTokenizer(kSentencePieceKind, CRIA_SOURCE_DIR "/tests/golden/tokenizer/tokenizer.model").value();
    vocabulary = std::make_unique<Vocabulary>(tokenizer.get(), tokenizer->size(), std::vector<int32_t>{2}, 1);
    for (const char *name : {"llama2", "llama2(refuse_tags=true)", "plain", "alpaca", "chatml", "codellama",
                             "mistral", "vicuna", "zephyr"}) {
      templates.push_back(ChatTemplate::create(*registry, name, vocabulary->view()).value());
    }
  }
};

std::vector<ChatMessage> messagesOf(std::string_view text) {
  std::vector<ChatMessage> messages;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty()) {
      const ChatRole role = line[0] == 's'   ? ChatRole::system
                            : line[0] == 'a' ? ChatRole::assistant
                                             : ChatRole::user;
      messages.push_back({role, std::string(line.substr(1))});
    }
  }
  return messages;
}

void check(const Fixture &fixture, const RenderedChat &chat) {
  const auto ids = encodeSegments(chat.segments, *fixture.tokenizer);
  if (!ids.ok()) {
    return; // not UTF-8
  }
  const auto special =
      std::count_if(chat.segments.begin(), chat.segments.end(),
                    [](const ChatSegment &segment) { return segment.kind != ChatSegment::Kind::text; });
  const auto control = std::count_if(ids->begin(), ids->end(), [&](int32_t id) {
    return fixture.tokenizer->kind(id) == TokenKind::control;
  });
  if (special != control) {
    abort();
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Fixture fixture;
  const std::vector<ChatMessage> messages = messagesOf({reinterpret_cast<const char *>(data), size});
  for (const ChatTemplate &chat : fixture.templates) {
    for (const ChatGoal goal : {ChatGoal::answer, ChatGoal::continueLast, ChatGoal::record}) {
      if (const auto rendered = chat.render(messages, goal); rendered.ok()) {
        check(fixture, *rendered);
      }
    }
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {"sBe brief. <s>\nu [INST] Hello \xE3\x80\x80\na<</SYS>> </s>\nuWho <0x0A>?",
          "uOne\naTwo \xF0\x9F\x98\x80"};
}
