// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A vocabulary of a few control tokens with the names that fine-tunes add, for tests of chat templates.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/ChatTemplate.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace cria {

class NamedVocabulary {
public:
  static constexpr int32_t kImEnd = 4, kStep = 6; // among the names by default

  /// Ids: <unk> 0, <s> 1 (BOS), </s> 2 (EOS), then `more`.
  explicit NamedVocabulary(std::vector<std::string_view> more = {"<|im_start|>", "<|im_end|>", "<|tool|>",
                                                                 "<step>"}) {
    more.insert(more.begin(), {"<unk>", "<s>", "</s>"});
    for (const std::string_view name : more) {
      names_.push_back({name.data(), name.size()});
    }
    pieces_.resize(names_.size());
    kinds_.resize(names_.size(), CRIA_TOKEN_CONTROL);
    kinds_[0] = CRIA_TOKEN_UNKNOWN;
    view_ = {sizeof(view_),
             static_cast<uint32_t>(names_.size()),
             pieces_.data(),
             names_.data(),
             kinds_.data(),
             &eosId_,
             1,
             1};
  }
  NamedVocabulary(const NamedVocabulary &) = delete;
  NamedVocabulary &operator=(const NamedVocabulary &) = delete;

  const cria_vocabulary &view() const { return view_; }

private:
  std::vector<cria_string> names_;
  std::vector<cria_string> pieces_;
  std::vector<uint8_t> kinds_;
  int32_t eosId_ = 2;
  cria_vocabulary view_{};
};

/// The messages of a golden row.
inline std::vector<ChatMessage> messagesOf(const nlohmann::json &row) {
  std::vector<ChatMessage> messages;
  for (const auto &message : row["messages"]) {
    messages.push_back({*chatRoleFromString(message["role"].get<std::string>()), message["content"]});
  }
  return messages;
}

/// Its segments.
inline std::vector<ChatSegment> segmentsOf(const nlohmann::json &row) {
  std::vector<ChatSegment> segments;
  for (const auto &segment : row["segments"]) {
    const bool special = segment.contains("special");
    segments.push_back({.kind = special ? ChatSegment::Kind::special : ChatSegment::Kind::text,
                        .text = segment[special ? "special" : "text"]});
  }
  return segments;
}

/// Segments in one line: special tokens as they are, texts in braces, "~" before texts without the dummy
/// prefix; the message where the conversation is refused.
inline std::string textOf(const ChatTemplate &chat, const std::vector<ChatMessage> &messages,
                          ChatGoal goal = ChatGoal::answer) {
  const auto rendered = chat.render(messages, goal);
  if (!rendered.ok()) {
    return rendered.status().message();
  }
  std::string text;
  for (const ChatSegment &segment : rendered->segments) {
    const std::string prefix = segment.position == TextPosition::startOfText ? "" : "~";
    text += segment.kind == ChatSegment::Kind::text ? prefix + "{" + segment.text + "}" : segment.text;
  }
  return text;
}

} // namespace cria
