// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_chat.hpp - optional C++20 conveniences for chat templates: the function table of a class, and a
// writer that stops at the first error of the host.
#pragma once

#include "cria_options.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace cria::plugin {

struct Message {
  uint32_t role; // CRIA_ROLE_*
  std::string_view content;
};

inline std::string_view roleName(uint32_t role) {
  constexpr std::string_view names[] = {"system", "user", "assistant"};
  return role < std::size(names) ? names[role] : "unknown";
}

/// Writes segments. After an error of the host it writes nothing, and status() returns the error.
class ChatWriter {
public:
  explicit ChatWriter(const cria_chat_writer &writer) : writer_(writer) {}

  void special(std::string_view piece) {
    keep([&] { return writer_.special(writer_.user, string(piece)); });
  }
  void specialId(int32_t id) {
    keep([&] { return writer_.special_id(writer_.user, id); });
  }
  void text(std::string_view text, bool noDummyPrefix = false) {
    keep([&] { return writer_.text(writer_.user, string(text), noDummyPrefix ? 1 : 0); });
  }
  void stopText(std::string_view text) {
    keep([&] { return writer_.stop_text(writer_.user, string(text)); });
  }
  void stopToken(int32_t id) {
    keep([&] { return writer_.stop_token(writer_.user, id); });
  }
  cria_status status() const { return status_; }

private:
  template <typename Call> void keep(Call &&call) {
    if (status_ == CRIA_STATUS_OK) {
      status_ = call();
    }
  }

  const cria_chat_writer &writer_;
  cria_status status_ = CRIA_STATUS_OK;
};

/// Joins the texts between two tokens, so that they are encoded as one text.
class JoinedWriter {
public:
  /// hasDummyPrefix: texts after a control token also begin with the leading space of the tokenizer. This
  /// depends on the training of the model.
  JoinedWriter(ChatWriter &writer, bool hasDummyPrefix) : writer_(writer), hasDummyPrefix_(hasDummyPrefix) {}

  void text(std::string_view text) { text_ += text; }
  void special(std::string_view piece) {
    flush();
    writer_.special(piece);
    isAfterSpecial_ = true;
  }
  /// Writes the remaining text. Call it last.
  void flush() {
    if (!text_.empty()) {
      writer_.text(text_, isAfterSpecial_ && !hasDummyPrefix_);
      text_.clear();
    }
  }

private:
  ChatWriter &writer_;
  bool hasDummyPrefix_;
  bool isAfterSpecial_ = false;
  std::string text_;
};

/// Returns "message 2 of 5".
inline std::string nameOf(std::span<const Message> messages, size_t index) {
  return "message " + std::to_string(index + 1) + " of " + std::to_string(messages.size());
}

/// Returns "", or why the flags are invalid for the last message: the model answers a message of the user
/// and continues a message of the assistant.
inline std::string checkLast(std::span<const Message> messages, uint32_t flags) {
  const uint32_t role = messages.back().role;
  const std::string where = nameOf(messages, messages.size() - 1) + " is from " + std::string(roleName(role));
  if ((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 && role == CRIA_ROLE_ASSISTANT) {
    return where + ", expected user, since the model answers next";
  }
  if ((flags & CRIA_CHAT_CONTINUE_LAST) != 0 && role != CRIA_ROLE_ASSISTANT) {
    return where + ", expected the assistant's unfinished answer";
  }
  return "";
}

/// Returns "", or which message violates the order: an optional system message, then user and assistant
/// alternate, beginning with the user and, if the model answers next, ending with the user. name: that of
/// the template.
inline std::string checkTurns(std::span<const Message> messages, uint32_t flags, std::string_view name) {
  const size_t first = messages[0].role == CRIA_ROLE_SYSTEM ? 1 : 0;
  for (size_t i = first; i < messages.size(); ++i) {
    const uint32_t expected = (i - first) % 2 == 0 ? CRIA_ROLE_USER : CRIA_ROLE_ASSISTANT;
    if (messages[i].role != expected) {
      return nameOf(messages, i) + " is from " + std::string(roleName(messages[i].role)) + ", expected " +
             std::string(roleName(expected)) + ": " + std::string(name) +
             " takes an optional system message first, then user and assistant in turn";
    }
  }
  if (messages.back().role == CRIA_ROLE_SYSTEM) {
    return nameOf(messages, messages.size() - 1) + " is from system, expected a user message after it";
  }
  return checkLast(messages, flags);
}

/// Returns whether message `index` is the unfinished answer that the model continues.
inline bool isUnfinished(std::span<const Message> messages, size_t index, uint32_t flags) {
  return index + 1 == messages.size() && (flags & CRIA_CHAT_CONTINUE_LAST) != 0;
}

/// Returns whether `text` contains `tag`. One that begins with a letter or a digit is not found within a
/// word, as "USER:" in "SUPERUSER:".
inline bool containsTag(std::string_view text, std::string_view tag) {
  const auto isOfWord = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  size_t at = text.find(tag);
  while (at != std::string_view::npos && at > 0 && isOfWord(tag.front()) && isOfWord(text[at - 1])) {
    at = text.find(tag, at + 1);
  }
  return at != std::string_view::npos;
}

/// Returns the first of `tags`, which are not empty, that the text contains; "" if there is none.
inline std::string_view findTag(std::string_view text, std::span<const std::string_view> tags) {
  const auto found =
      std::find_if(tags.begin(), tags.end(), [text](std::string_view tag) { return containsTag(text, tag); });
  return found == tags.end() ? std::string_view() : *found;
}

/// Implements find_tags for the given tags.
inline cria_status reportTags(cria_string text, std::span<const std::string_view> tags, uint32_t *found,
                              cria_message *message) {
  return guarded(message, [&] {
    const std::string_view tag = findTag(view(text), tags);
    *found = tag.empty() ? 0 : 1;
    return tag.empty() ? CRIA_STATUS_OK
                       : report(message, CRIA_STATUS_OK,
                                "the text contains " + std::string(tag) +
                                    ", which the model cannot distinguish from a tag of the template");
  });
}

/// An option of templates that write text after control tokens. The default is the original behavior of
/// LLaMA tokenizers, which transformers calls "legacy".
inline constexpr FlagOption kDummyPrefixOption{
    "dummy_prefix", "Begin texts after a control token with the tokenizer's leading space", true};

/// Returns the id of the control token with that name; -1 if there is none.
inline int32_t findControl(const cria_vocabulary &vocabulary, std::string_view name) {
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    if (vocabulary.kinds[id] == CRIA_TOKEN_CONTROL && view(vocabulary.names[id]) == name) {
      return static_cast<int32_t>(id);
    }
  }
  return -1;
}

/// Returns the id of the control token with that name, or of another token that is this text; -1 if there is
/// none. A tokenizer may have the marks of a chat format as tokens that are not control tokens.
inline int32_t findToken(const cria_vocabulary &vocabulary, std::string_view name) {
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    const bool isToken =
        vocabulary.kinds[id] == CRIA_TOKEN_CONTROL || vocabulary.kinds[id] == CRIA_TOKEN_NORMAL;
    if (isToken && view(vocabulary.names[id]) == name) {
      return static_cast<int32_t>(id);
    }
  }
  return -1;
}

/// Returns the tokenizer's name of `id`, or `absent` if there is no such id or it has no name.
inline std::string tokenName(const cria_vocabulary &vocabulary, int32_t id, std::string_view absent) {
  const bool exists = id >= 0 && static_cast<uint32_t>(id) < vocabulary.size;
  const std::string_view name = exists ? view(vocabulary.names[id]) : std::string_view();
  return std::string(name.empty() ? absent : name);
}

/// Return the names of BOS and of the first EOS, or those of LLaMA if the vocabulary has none.
inline std::string bosName(const cria_vocabulary &vocabulary) {
  return tokenName(vocabulary, vocabulary.bos_id, "<s>");
}
inline std::string eosName(const cria_vocabulary &vocabulary) {
  return tokenName(vocabulary, vocabulary.num_eos == 0 ? -1 : vocabulary.eos_ids[0], "</s>");
}

/// A template with tags, returned as strings, that a message may contain by accident.
template <typename Template>
concept TaggedTemplate = requires(const Template &chat) { std::span<const std::string_view>(chat.tags()); };

/// Implements the functions of a chat template with a class that has
///   struct Options { .. };                         // cria_options.hpp; may be missing
///   explicit Template(const Options &options);     // may take a second parameter, const cria_vocabulary &
///   std::string check(std::span<const Message> messages, uint32_t flags) const;
///   void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const;
/// and, if it is a TaggedTemplate, tags. check() returns "", or why the conversation is rejected. flags: none
/// or one of CRIA_CHAT_*.
template <typename Template> struct ChatFunctions {
  static cria_status create(const cria_option *const *options, uint32_t numOptions,
                            const cria_vocabulary *vocabulary, cria_chat **out, cria_message *message) {
    if (vocabulary->reserved != 0) {
      return refuseReserved(message, "vocabulary");
    }
    return guarded(message, [&] {
      *out = reinterpret_cast<cria_chat *>(
          construct<Template>(std::span(options, numOptions), *vocabulary).release());
      return CRIA_STATUS_OK;
    });
  }

  static void destroy(cria_chat *chat) { delete reinterpret_cast<Template *>(chat); }

  static cria_status render(cria_chat *chat, const cria_chat_message *const *messages, uint32_t numMessages,
                            uint32_t flags, const cria_chat_writer *writer, cria_message *message) {
    if (writer->reserved != 0) {
      return refuseReserved(message, "writer");
    }
    return guarded(message, [&] {
      const std::vector<Message> list = read(messages, numMessages);
      const auto &self = *reinterpret_cast<const Template *>(chat);
      std::string refusal = checkCall(list, flags);
      if (refusal.empty()) {
        refusal = self.check(list, flags);
      }
      if (!refusal.empty()) {
        return report(message, CRIA_STATUS_INVALID_ARGUMENT, refusal);
      }
      ChatWriter segments(*writer);
      self.render(list, flags, segments);
      return segments.status();
    });
  }

  static cria_chat_api table() {
    const std::span<const cria_option_info *const> options = declarationsOf<OptionsOf<Template>>();
    cria_chat_api api{};
    api.struct_size = sizeof(api);
    api.num_options = static_cast<uint32_t>(options.size());
    api.options = options.data();
    api.create = create;
    api.destroy = destroy;
    api.render = render;
    if constexpr (TaggedTemplate<Template>) {
      api.find_tags = findTags;
    }
    return api;
  }

private:
  static cria_status findTags(cria_chat *chat, cria_string text, uint32_t *found, cria_message *message) {
    return guarded(message, [&] {
      const auto &tags = reinterpret_cast<const Template *>(chat)->tags();
      return reportTags(text, tags, found, message);
    });
  }

  static std::vector<Message> read(const cria_chat_message *const *messages, uint32_t count) {
    std::vector<Message> list;
    for (uint32_t i = 0; i < count; ++i) {
      list.push_back({messages[i]->role, view(messages[i]->content)});
    }
    return list;
  }

  static std::string checkCall(std::span<const Message> messages, uint32_t flags) {
    constexpr uint32_t known = CRIA_CHAT_ADD_GENERATION_PROMPT | CRIA_CHAT_CONTINUE_LAST;
    if ((flags & ~known) != 0 || flags == known) {
      return "expected flags ADD_GENERATION_PROMPT (1) or CONTINUE_LAST (2) or none, got " +
             std::to_string(flags);
    }
    for (size_t i = 0; i < messages.size(); ++i) {
      if (messages[i].role > CRIA_ROLE_ASSISTANT) {
        return nameOf(messages, i) + " has the unknown role " + std::to_string(messages[i].role);
      }
    }
    return messages.empty() ? "expected at least one message, got none" : "";
  }
};

/// Implements cria_plugin_query for the template of that class.
template <typename Template>
cria_status answerChat(const cria_host *host, cria_plugin *out, cria_message *message, std::string_view name,
                       std::string_view version, std::string_view description) {
  static const cria_chat_api kApi = ChatFunctions<Template>::table();
  return answerQuery(host, out, message, CRIA_PLUGIN_CHAT, name, version, description, &kApi);
}

} // namespace cria::plugin
