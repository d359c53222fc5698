// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_labelled_chat.hpp - chat formats that write labels as text: a system text, then "USER: .." and
// "ASSISTANT: .." in turn, with EOS after each answer. Optional C++20 conveniences for chat templates.
#pragma once

#include "cria_chat.hpp"
#include "cria_strip.hpp"

namespace cria::plugin {

/// What such a format writes.
struct ChatLabels {
  std::string name;   // of the template, for messages
  std::string system; // where no system message is given
  std::string afterSystem, user, afterUser, assistant;
  std::string afterAnswer; // behind its EOS
  std::string open;        // begins the answer that the model is to give
};

/// A template of labels. It stops at the user's label: a model that misses its EOS goes on with the user's
/// next turn. Derive from it for ChatFunctions.
class LabelledChat {
public:
  LabelledChat(ChatLabels labels, bool hasDummyPrefix)
      : labels_(std::move(labels)), hasDummyPrefix_(hasDummyPrefix) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return checkTurns(messages, flags, labels_.name);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    const bool hasSystem = messages[0].role == CRIA_ROLE_SYSTEM;
    JoinedWriter out(writer, hasDummyPrefix_);
    out.special("<s>");
    out.text(hasSystem ? messages[0].content : std::string_view(labels_.system));
    out.text(labels_.afterSystem);
    for (size_t i = hasSystem ? 1 : 0; i < messages.size(); ++i) {
      const bool isUser = messages[i].role == CRIA_ROLE_USER;
      out.text(isUser ? labels_.user : labels_.assistant);
      out.text(messages[i].content);
      if (isUser) {
        out.text(labels_.afterUser);
      } else if (!isUnfinished(messages, i, flags)) {
        out.special("</s>");
        out.text(labels_.afterAnswer);
      }
    }
    out.text((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 ? labels_.open : "");
    out.flush();
    writer.stopText(stripRight(labels_.user));
  }

  /// find_tags of a template derived from this.
  template <typename Chat>
  static cria_status findTags(cria_chat *chat, cria_string text, uint32_t *found, cria_message *message) {
    const LabelledChat &self = *reinterpret_cast<const Chat *>(chat);
    const std::string_view tags[] = {stripRight(self.labels_.user), stripRight(self.labels_.assistant)};
    return reportTags(text, tags, found, message);
  }

private:
  ChatLabels labels_;
  bool hasDummyPrefix_;
};

/// The table of a template derived from LabelledChat, with find_tags.
template <typename Chat> cria_chat_api labelledChatTable(std::span<const cria_option_info *const> options) {
  cria_chat_api api = ChatFunctions<Chat>::table(options);
  api.find_tags = LabelledChat::findTags<Chat>;
  return api;
}

inline cria_option_info systemTextOption(std::string_view text) {
  return textOption("system", "The text before the first question when there is no system message", text);
}

} // namespace cria::plugin
