// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// zephyr: <|user|>, <|system|> and <|assistant|> as text on a line of their own, and EOS after each message
// (HuggingFaceH4/zephyr, TinyLlama-Chat).
#include "plugins/sdk/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

class ZephyrChat {
public:
  explicit ZephyrChat(std::span<const cria_option *const> options)
      : hasBos_(options[0]->integer != 0), hasDummyPrefix_(options[1]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkLast(messages, flags);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, hasDummyPrefix_);
    if (hasBos_) {
      out.special("<s>");
    }
    for (size_t i = 0; i < messages.size(); ++i) {
      out.text("<|" + std::string(cria::plugin::roleName(messages[i].role)) + "|>\n");
      out.text(messages[i].content);
      if (!cria::plugin::isUnfinished(messages, i, flags)) {
        out.special("</s>");
        out.text("\n");
      }
    }
    if ((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0) {
      out.text("<|assistant|>\n");
    }
    out.flush();
    writer.stopText("<|user|>"); // a model that misses its EOS goes on with the user's next turn
  }

private:
  bool hasBos_;
  bool hasDummyPrefix_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  constexpr std::string_view tags[] = {"<|user|>", "<|system|>", "<|assistant|>"};
  return cria::plugin::reportTags(text, tags, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info kBos = cria::plugin::bosOption();
  static const cria_option_info *const kOptions[] = {&kBos, &kDummyPrefix};
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<ZephyrChat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Zephyr and TinyLlama-Chat", &kApi);
}
