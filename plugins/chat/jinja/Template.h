// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Template: a chat template in the language of Jinja, rendered as transformers does it. A template sees only
// the conversation and runs in bounded time and memory.
#pragma once

#include "plugins/chat/jinja/Lexer.h"
#include "plugins/chat/jinja/Nodes.h"
#include "plugins/sdk/cria_chat.hpp"

namespace cria::jinja {

/// The name of a special token, or text.
struct Segment {
  bool isSpecial;
  std::string text;
  bool operator==(const Segment &) const = default;
};

class Template {
public:
  struct Settings {
    std::string_view source; // UTF-8
    std::string_view bos;
    std::string_view eos;
    std::vector<std::pair<std::string_view, std::string_view>> names; // further variables that are texts
    std::vector<std::string_view> specials; // names of the tokens that the template may write
    LexerOptions lexer;
  };
  /// Errors: Refusal INVALID_ARGUMENT with the line and column of the first mistake.
  explicit Template(const Settings &settings);

  /// Renders the messages; flags are CRIA_CHAT_*. Errors: Refusal INVALID_ARGUMENT, with the message of
  /// raise_exception if the template refuses the conversation.
  std::vector<Segment> render(std::span<const plugin::Message> messages, uint32_t flags) const;

  /// Returns the mark that the template writes behind an answer: a special token, or a word in brackets such
  /// as "<|im_end|>"; nullopt if there is none, or if the template refuses a question with an answer.
  std::optional<Segment> endOfTurn() const;

  /// Returns what the template writes as plain text around messages: words in brackets, such as "[INST]", and
  /// labels of turns, such as "### User:".
  std::vector<std::string> plainMarks() const;

private:
  std::vector<std::pair<std::string, Value>> variables(std::span<const plugin::Message> messages,
                                                       uint32_t flags, Budget &budget) const;
  void addPlainMarks(std::span<const plugin::Message> messages, std::vector<std::string> &marks) const;
  /// Splits rendered text at the special tokens in it, which only unmarked characters can form.
  std::vector<Segment> split(TextView text, Budget &budget) const;
  const Text *specialAt(TextView text, Budget &budget) const;

  Text source_;
  Body body_;
  Text bos_;
  Text eos_;
  std::vector<std::pair<std::string, Text>> names_; // further variables
  std::map<char32_t, std::vector<Text>> specials_;  // by their first character, longest first
};

} // namespace cria::jinja
