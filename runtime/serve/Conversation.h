// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversation: the messages of a chat, trimmed to the context of the model.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/plugin/ChatTemplate.h"

#include <string>
#include <vector>

namespace cria {

/// The token ids of a conversation that the model continues, and what ends its answer.
struct ChatTurn {
  std::vector<int32_t> ids;
  std::vector<std::string> stopTexts;
  std::vector<int32_t> stopIds;
  uint32_t droppedPairs = 0; // the number of oldest pairs that were removed from the conversation
};

/// Not thread-safe; callers serialize.
class Conversation {
public:
  /// Template and tokenizer outlive the conversation. context: positions of a sequence.
  Conversation(const ChatTemplate &chat, const Tokenizer &tokenizer, uint32_t context)
      : chat_(chat), tokenizer_(tokenizer), context_(context) {}

  /// Sets the system prompt; an empty text removes it. Errors: invalidArgument when the text is not UTF-8
  /// or fills the context; the system prompt then stays as it was.
  Status setSystem(std::string text);
  const std::string &system() const { return system_; }
  /// Removes all messages, but not the system prompt.
  void reset() { messages_.clear(); }

  /// Adds a user message and renders the conversation. Removes the oldest pairs of messages until `reserve`
  /// positions of the context are free. Errors: invalidArgument when the text is not UTF-8, or when one
  /// message fills the context; the conversation then stays as it was.
  StatusOr<ChatTurn> ask(std::string text, uint32_t reserve);
  /// Adds the answer to the last user message.
  void answer(std::string text) { messages_.push_back({ChatRole::assistant, std::move(text)}); }
  /// Removes the last user message, because it could not be answered.
  void retract() { messages_.pop_back(); }

private:
  StatusOr<ChatTurn> render() const;

  const ChatTemplate &chat_;
  const Tokenizer &tokenizer_;
  uint32_t context_;
  std::string system_;
  std::vector<ChatMessage> messages_; // user and assistant alternate; without the system prompt
};

} // namespace cria
