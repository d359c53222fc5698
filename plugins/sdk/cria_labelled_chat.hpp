// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_labelled_chat.hpp - chat formats that put labels around the messages of each role, such as "USER: ..",
// "[INST] .. [/INST]" or "<|im_start|>user\n..<|im_end|>". A template of this family is a function from
// its options to a ChatFormat. Optional C++20 conveniences for chat templates.
#pragma once

#include "cria_chat.hpp"
#include "cria_strip.hpp"

#include <optional>

namespace cria::plugin {

/// What a format writes around a message of one role.
struct TurnFormat {
  std::string before = {}; // text before the content
  bool hasEnd = false;     // the end token of the format follows the content
  std::string after = {};  // text after the content and the end token
};

/// Where a format puts the system message.
enum class SystemPlace {
  ownTurn,       // before the first turn of the user
  firstUserTurn, // in the first turn of the user, before its content
};

inline constexpr std::string_view kEos = "</s>";

struct ChatFormat {
  std::string_view name; // of the template, for messages
  TurnFormat system = {};
  TurnFormat user = {};
  TurnFormat assistant = {};
  std::string open = {}; // begins the next answer of the model

  bool hasBos = true;
  std::string_view startToken = {}; // token before every turn; empty: none
  std::string_view endToken = kEos; // token of turns that have an end
  bool hasDummyPrefix = true;       // see JoinedWriter
  bool alternates = true;           // user and assistant alternate; otherwise any order is accepted
  bool labelsEmptyAnswer = true;    // an unfinished answer without text still has its label
  SystemPlace systemPlace = SystemPlace::ownTurn;
  std::optional<std::string> defaultSystem = {}; // content of a missing system message; nullopt: left out
};

/// Renders conversations in a ChatFormat. Start and end tokens of a format with a start token are text if the
/// vocabulary has no such tokens: some models were trained on them as text. Answers always end at EOS. They
/// also end at the end token if it is another one, and otherwise at the label of the user, since a model that
/// omits EOS continues with the next turn of the user.
class LabelledChat {
public:
  LabelledChat(ChatFormat format, const cria_vocabulary &vocabulary)
      : format_(std::move(format)), startId_(findToken(vocabulary, format_.startToken)),
        endId_(findToken(vocabulary, format_.endToken)) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return format_.alternates ? checkTurns(messages, flags, format_.name) : checkLast(messages, flags);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, format_.hasDummyPrefix);
    if (format_.hasBos) {
      out.special("<s>");
    }
    if (format_.defaultSystem && messages[0].role != CRIA_ROLE_SYSTEM) {
      writeTurn(format_.system, *format_.defaultSystem, out);
    }
    writeTurns(messages, flags, out);
    if ((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0) {
      startTurn(format_.open, out);
    }
    out.flush();
    if (format_.endToken == kEos) {
      writer.stopText(stripRight(format_.user.before));
    } else if (endId_ >= 0) {
      writer.stopToken(endId_);
    } else {
      writer.stopText(format_.endToken);
    }
  }

  /// The labels that a message may contain by accident: those that do not follow a token, and tokens that are
  /// text.
  std::vector<std::string_view> tags() const {
    std::vector<std::string_view> tags;
    if (hasStart()) {
      for (const auto &[token, id] :
           {std::pair(format_.startToken, startId_), std::pair(format_.endToken, endId_)}) {
        if (id < 0) {
          tags.push_back(token);
        }
      }
      return tags;
    }
    for (const std::string_view label :
         {std::string_view(format_.user.before), std::string_view(format_.system.before),
          std::string_view(format_.assistant.before), std::string_view(format_.user.after)}) {
      if (const std::string_view tag = strip(label); !tag.empty()) {
        tags.push_back(tag);
      }
    }
    return tags;
  }

private:
  bool hasStart() const { return !format_.startToken.empty(); }

  void writeTurns(std::span<const Message> messages, uint32_t flags, JoinedWriter &out) const {
    std::string inserted; // the system message, for the next turn of the user
    for (size_t i = 0; i < messages.size(); ++i) {
      const auto &[role, content] = messages[i];
      if (isUnfinished(messages, i, flags)) {
        const bool isLabelled = !content.empty() || format_.labelsEmptyAnswer;
        startTurn(isLabelled ? format_.assistant.before : format_.open, out);
        out.text(content);
      } else if (role == CRIA_ROLE_ASSISTANT) {
        writeTurn(format_.assistant, content, out);
      } else if (role == CRIA_ROLE_USER) {
        writeTurn(format_.user, std::exchange(inserted, "") + std::string(content), out);
      } else if (format_.systemPlace == SystemPlace::firstUserTurn) {
        inserted = format_.system.before + std::string(content) + format_.system.after;
      } else {
        writeTurn(format_.system, content, out);
      }
    }
  }

  void writeToken(std::string_view token, int32_t id, JoinedWriter &out) const {
    id < 0 && hasStart() ? out.text(token) : out.special(token);
  }

  void startTurn(std::string_view label, JoinedWriter &out) const {
    if (hasStart()) {
      writeToken(format_.startToken, startId_, out);
    }
    out.text(label);
  }

  void writeTurn(const TurnFormat &turn, std::string_view content, JoinedWriter &out) const {
    startTurn(turn.before, out);
    out.text(content);
    if (turn.hasEnd) {
      writeToken(format_.endToken, endId_, out);
    }
    out.text(turn.after);
  }

  ChatFormat format_;
  int32_t startId_; // -1: the vocabulary has no such token
  int32_t endId_;   // likewise
};

/// The template whose format describe(options) returns. `describe` is a function with one parameter, a
/// reference to a struct of options.
template <auto describe> class LabelledTemplate;
template <typename OptionsType, ChatFormat (*describe)(const OptionsType &)>
class LabelledTemplate<describe> : public LabelledChat {
public:
  using Options = OptionsType;
  LabelledTemplate(const Options &options, const cria_vocabulary &vocabulary)
      : LabelledChat(describe(options), vocabulary) {}
};

/// Implements cria_plugin_query for the template whose format describe(options) returns.
template <auto describe>
cria_status answerLabelledChat(const cria_host *host, cria_plugin *out, cria_message *message,
                               std::string_view name, std::string_view version,
                               std::string_view description) {
  return answerChat<LabelledTemplate<describe>>(host, out, message, name, version, description);
}

/// Options of several formats.
inline constexpr FlagOption kBosOption{"bos", "Begin with BOS, which the published format lacks", false};
inline TextOption afterAnswerOption() { return {"after_answer", "Text after the EOS of each answer", ""}; }

/// The option `system` with its default.
inline TextOption systemTextOption(std::string_view text) {
  return {"system", "Text before the first question when there is no system message", text};
}

} // namespace cria::plugin
