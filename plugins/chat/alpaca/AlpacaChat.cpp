// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alpaca: "### Instruction:" and "### Response:" after a sentence that says so (Stanford Alpaca; with a line
// break after
// "### Response:", as the fine-tunes since have it). EOS after each answer; further turns follow the same
// way.
#include "plugins/api/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

class AlpacaChat {
public:
  explicit AlpacaChat(std::span<const cria_option *const> options)
      : system_(cria::plugin::view(options[0]->text)), hasDummyPrefix_(options[1]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    const bool hasSystem = messages[0].role == CRIA_ROLE_SYSTEM;
    JoinedWriter out(writer, hasDummyPrefix_);
    out.special("<s>");
    out.text(std::string(hasSystem ? messages[0].content : std::string_view(system_)) + "\n\n");
    for (const Message &message : messages.subspan(hasSystem ? 1 : 0)) {
      const bool isUser = message.role == CRIA_ROLE_USER;
      out.text((isUser ? "### Instruction:\n" : "### Response:\n") + std::string(message.content));
      if (isUser) {
        out.text("\n\n");
      } else if (&message != &messages.back() || (flags & CRIA_CHAT_CONTINUE_LAST) == 0) {
        out.special("</s>");
      }
    }
    out.text((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 ? "### Response:\n" : "");
    out.flush();
    writer.stopText("### Instruction:"); // a model that misses its EOS goes on with the user's next turn
  }

private:
  std::string system_;
  bool hasDummyPrefix_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  return cria::plugin::reportTags(text, {"### Instruction:", "### Response:"}, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kSystem = cria::plugin::textOption(
      "system", "The text before the first instruction when there is no system message",
      "Below is an instruction that describes a task. Write a response that appropriately completes the "
      "request.");
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info *const kOptions[] = {&kSystem, &kDummyPrefix};
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<AlpacaChat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Stanford Alpaca", &kApi);
}
