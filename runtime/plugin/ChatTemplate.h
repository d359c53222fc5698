// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ChatTemplate: a chat plugin that renders a conversation as segments, which are then encoded as token ids.
// A text is never encoded as a token that the template writes by name, so a message cannot forge one.
// Public: included by runtime/cria.h.
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
  std::string text;                                  // special: the name of the token; text: the text
  int32_t id = -1;                                   // specialId
  TextPosition position = TextPosition::startOfText; // text
  bool operator==(const ChatSegment &) const = default;
};

struct RenderedChat {
  std::vector<ChatSegment> segments;
  std::vector<std::string> stopTexts; // generation also ends before any of these
  std::vector<int32_t> stopIds;       // generation also ends at any of these
  std::vector<std::string> markers;   // names that texts contain as text alone
};

/// How a conversation continues after it is rendered.
enum class ChatGoal {
  answer,       // the model answers next
  continueLast, // the last message is an unfinished answer, to be continued
  record,       // the conversation is complete; nothing is added
};

/// Not thread-safe; callers serialize.
class ChatTemplate {
public:
  /// expression: a name with options, e.g. "llama2" or "llama2(refuse_tags=true)". registry and vocabulary
  /// outlive the template. Errors: invalidArgument or notFound with the place in the expression; the
  /// plugin's.
  static StatusOr<ChatTemplate> create(PluginRegistry &registry, std::string_view expression,
                                       const cria_vocabulary &vocabulary);
  /// The same from a name and options whose values are texts, as in chat.json. *position becomes that of
  /// the invalid option; npos for other errors.
  static StatusOr<ChatTemplate> create(PluginRegistry &registry, std::string_view name,
                                       const std::vector<PluginArgument> &options,
                                       const cria_vocabulary &vocabulary, size_t *position = nullptr);
  ChatTemplate(ChatTemplate &&) noexcept;
  ChatTemplate &operator=(ChatTemplate &&) noexcept;
  ~ChatTemplate();

  const std::string &name() const;
  /// Sets the names of tokens that belong to the template, although they are not control tokens: messages
  /// contain them as text alone.
  void setMarkers(std::vector<std::string> names);
  /// Renders a conversation. Errors: invalidArgument naming the message, counted from 1, that the template
  /// cannot express.
  StatusOr<RenderedChat> render(std::span<const ChatMessage> messages,
                                ChatGoal goal = ChatGoal::answer) const;
  /// Returns a note if the model cannot distinguish a part of `text` from a tag of the template. Errors:
  /// the plugin's.
  StatusOr<std::optional<std::string>> findTags(std::string_view text) const;

private:
  struct Impl;
  explicit ChatTemplate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Returns the ids of all segments in order. Each text is encoded separately; neither `markers` nor special
/// tokens among the segments are tokens in it. Special tokens take white space of the texts beside them, or
/// are text in a word, as their flags say. Errors: invalidArgument if a special token is not a token of the
/// tokenizer, or a text is not UTF-8.
StatusOr<std::vector<int32_t>> encodeSegments(std::span<const ChatSegment> segments,
                                              const Tokenizer &tokenizer,
                                              std::span<const std::string> markers = {});

} // namespace cria
