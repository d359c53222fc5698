// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ChatTemplate: a conversation rendered by a chat plugin into segments, and segments encoded into ids. Text
// is always encoded as text, so no message can forge a control token.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"
#include "runtime/text/Tokenizer.h"

#include <memory>
#include <span>

namespace cria {

enum class ChatRole : uint32_t {
  system = CRIA_ROLE_SYSTEM,
  user = CRIA_ROLE_USER,
  assistant = CRIA_ROLE_ASSISTANT,
};
/// "system", "user" or "assistant".
std::string_view toString(ChatRole role);
std::optional<ChatRole> chatRoleFromString(std::string_view name);

struct ChatMessage {
  ChatRole role;
  std::string content; // UTF-8
};

struct ChatSegment {
  enum class Kind { special, specialId, text };
  Kind kind;
  std::string text;                                  // special: the piece; text: the text
  int32_t id = -1;                                   // specialId
  TextPosition position = TextPosition::startOfText; // text
  bool operator==(const ChatSegment &) const = default;
};

struct RenderedChat {
  std::vector<ChatSegment> segments;
  std::vector<std::string> stopTexts; // generation also ends before one of these
  std::vector<int32_t> stopIds;       // and with one of these
};

/// What the conversation is rendered for.
enum class ChatGoal {
  answer,       // the model answers next
  continueLast, // the last message is an unfinished answer, to be continued
  record,       // nothing follows
};

class ChatTemplate {
public:
  /// expression: a name with options, e.g. "llama2" or "llama2(refuse_tags=true)". registry and
  /// vocabulary outlive the template.
  static StatusOr<ChatTemplate> create(PluginRegistry &registry, std::string_view expression,
                                       const cria_vocabulary &vocabulary);
  /// The same from a name and options in text form (numbers as written, flags true or false), as in
  /// chat.json. position: of the option that is wrong, npos when something else is.
  static StatusOr<ChatTemplate> create(PluginRegistry &registry, std::string_view name,
                                       const std::vector<PluginArgument> &options,
                                       const cria_vocabulary &vocabulary, size_t *position = nullptr);
  ChatTemplate(ChatTemplate &&) noexcept;
  ChatTemplate &operator=(ChatTemplate &&) noexcept;
  ~ChatTemplate();

  const std::string &name() const;
  /// Errors: invalidArgument naming the message (counted from 1) that the template cannot express.
  StatusOr<RenderedChat> render(std::span<const ChatMessage> messages,
                                ChatGoal goal = ChatGoal::answer) const;
  /// A note when `text` holds what the model could take for the template's own tags.
  StatusOr<std::optional<std::string>> findTags(std::string_view text) const;

private:
  struct Impl;
  explicit ChatTemplate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Ids of all segments in order, each text encoded on its own. Errors: invalidArgument when a special piece
/// is no control token of this tokenizer, or a text is not UTF-8.
StatusOr<std::vector<int32_t>> encodeSegments(std::span<const ChatSegment> segments,
                                              const Tokenizer &tokenizer);

} // namespace cria
