// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// guanaco: "### Human: .." and "### Assistant: ..", written as one text after BOS whose first line is the
// system message.
#include <cria_chat.hpp>

using cria::plugin::Message;

class Guanaco {
public:
  struct Options {
    cria::plugin::TextOption system{"system", "First line if there is no system message",
                                    "A chat between a curious human and an artificial intelligence "
                                    "assistant. The assistant gives helpful, "
                                    "detailed, and polite answers to the user's questions."};
  };
  explicit Guanaco(const Options &options) : system_(options.system.value) {}

  // Returns why the format cannot express a conversation; empty if it can. REQUIRES: known flags and at least
  // one message.
  std::string check(std::span<const Message> messages, uint32_t flags) const {
    for (size_t i = 1; i < messages.size(); ++i) {
      if (messages[i].role == CRIA_ROLE_SYSTEM) {
        return "message " + std::to_string(i + 1) + ": expected the system message to come first";
      }
    }
    const bool endsWithUser = messages.back().role == CRIA_ROLE_USER;
    return (flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 && !endsWithUser
               ? "expected the last message to be from the user, since the model answers next"
               : "";
  }

  void render(std::span<const Message> messages, uint32_t flags, cria::plugin::ChatWriter &writer) const {
    const bool hasSystem = messages[0].role == CRIA_ROLE_SYSTEM;
    std::string text = hasSystem ? std::string(messages[0].content) : system_;
    for (const Message &message : messages.subspan(hasSystem ? 1 : 0)) {
      text += message.role == CRIA_ROLE_USER ? "\n### Human: " : "\n### Assistant: ";
      text += message.content;
    }
    text += (flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 ? "\n### Assistant:" : "";
    writer.special("<s>");
    writer.text(text);
    writer.stopText("\n### Human:");
  }

private:
  std::string system_;
};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerChat<Guanaco>(host, out, message, CRIA_PLUGIN_NAME, CRIA_PLUGIN_VERSION,
                                           "### Human and ### Assistant");
}
