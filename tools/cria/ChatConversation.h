// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A conversation that always fits the context: messages, their ids, and which pairs were dropped.
#pragma once

#include "OpenModel.h"
#include "runtime/plugin/ChatTemplate.h"

#include <string>
#include <vector>

namespace cria::cli {

/// What to generate from, and how it ends.
struct ChatTurn {
  std::vector<int32_t> ids;
  std::vector<std::string> stopTexts;
  std::vector<int32_t> stopIds;
  uint32_t droppedPairs = 0; // oldest pairs left out of this turn, for good
};

class ChatConversation {
public:
  /// Both outlive the conversation.
  ChatConversation(const ChatTemplate &chat, const Tokenizer &tokenizer)
      : chat_(chat), tokenizer_(tokenizer) {}

  /// Errors: INVALID_ARGUMENT when the text is not UTF-8 or fills `context` positions; the old one then
  /// stays.
  Status setSystem(std::string text, uint32_t context);
  const std::string &system() const { return system_; }
  void reset() { messages_.clear(); }

  /// Renders the conversation with a new user message. Drops the oldest pairs until the ids leave `reserve`
  /// of `context` positions free; the system prompt stays. Errors: INVALID_ARGUMENT when the text is not
  /// UTF-8, or even one message is too long; the message is then not kept.
  StatusOr<ChatTurn> ask(std::string text, uint32_t context, uint32_t reserve);
  /// Ends the turn with what the model said.
  void answer(std::string text) { messages_.push_back({ChatRole::assistant, std::move(text)}); }
  /// Takes back the last user message, of a turn that failed.
  void retract() { messages_.pop_back(); }

private:
  StatusOr<ChatTurn> render() const;

  const ChatTemplate &chat_;
  const Tokenizer &tokenizer_;
  std::string system_;
  std::vector<ChatMessage> messages_; // user and assistant in turn, without the system prompt
};

} // namespace cria::cli
