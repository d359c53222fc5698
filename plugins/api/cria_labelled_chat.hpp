// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_labelled_chat.hpp - chat formats that write labels as text: a system text, then "USER: .." and
// "ASSISTANT: .." in turn, with EOS after each answer. Optional C++20 conveniences for chat templates.
#pragma once

#include "cria_chat.hpp"
#include "cria_strip.hpp"

namespace cria::plugin {

/// What such a format writes. All of it lives until the process ends.
struct ChatLabels {
  std::string_view name;   // of the template, for messages
  std::string_view system; // where no system message is given
  std::string_view afterSystem, user, afterUser, assistant;
  std::string_view open; // begins the answer that the model is to give
};

/// A template of `labels`; the constructor takes the options `system` and `dummy_prefix`. It stops at the
/// user's label: a model that misses its EOS goes on with the user's next turn.
template <const ChatLabels &labels> class LabelledChat {
public:
  explicit LabelledChat(std::span<const cria_option *const> options)
      : system_(view(options[0]->text)), hasDummyPrefix_(options[1]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return checkTurns(messages, flags, labels.name);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    const bool hasSystem = messages[0].role == CRIA_ROLE_SYSTEM;
    JoinedWriter out(writer, hasDummyPrefix_);
    out.special("<s>");
    out.text(hasSystem ? messages[0].content : std::string_view(system_));
    out.text(labels.afterSystem);
    for (const Message &message : messages.subspan(hasSystem ? 1 : 0)) {
      const bool isUser = message.role == CRIA_ROLE_USER;
      out.text(isUser ? labels.user : labels.assistant);
      out.text(message.content);
      if (isUser) {
        out.text(labels.afterUser);
      } else if (&message != &messages.back() || (flags & CRIA_CHAT_CONTINUE_LAST) == 0) {
        out.special("</s>");
      }
    }
    out.text((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 ? labels.open : "");
    out.flush();
    writer.stopText(stripRight(labels.user));
  }

  static cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
    const std::string_view tags[] = {stripRight(labels.user), stripRight(labels.assistant)};
    return reportTags(text, tags, found, message);
  }

  /// The table, with find_tags.
  static cria_chat_api table() {
    static const cria_option_info kSystem = textOption(
        "system", "The text before the first question when there is no system message", labels.system);
    static const cria_option_info kDummyPrefix = dummyPrefixOption();
    static const cria_option_info *const kOptions[] = {&kSystem, &kDummyPrefix};
    cria_chat_api api = ChatFunctions<LabelledChat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }

private:
  std::string system_;
  bool hasDummyPrefix_;
};

} // namespace cria::plugin
