// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mistral: the format of Mistral-7B-Instruct v0.1 and v0.2. BOS once; [INST] and [/INST] are text; EOS after
// each answer. A system text stands before the first question.
#include "plugins/api/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

class MistralChat {
public:
  explicit MistralChat(std::span<const cria_option *const> options)
      : hasDummyPrefix_(options[0]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, hasDummyPrefix_);
    out.special("<s>");
    std::string system;
    for (const Message &message : messages) {
      if (message.role == CRIA_ROLE_SYSTEM) {
        system = std::string(message.content) + "\n\n";
      } else if (message.role == CRIA_ROLE_USER) {
        out.text("[INST] " + std::exchange(system, "") + std::string(message.content) + " [/INST]");
      } else {
        out.text(" " + std::string(message.content));
        if (&message != &messages.back() || (flags & CRIA_CHAT_CONTINUE_LAST) == 0) {
          out.special("</s>");
        }
      }
    }
    out.flush();
    writer.stopText("[INST]"); // a model that misses its EOS goes on with the user's next turn
  }

private:
  bool hasDummyPrefix_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  constexpr std::string_view tags[] = {"[INST]", "[/INST]"};
  return cria::plugin::reportTags(text, tags, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info *const kOptions[] = {&kDummyPrefix};
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<MistralChat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Mistral-7B-Instruct", &kApi);
}
