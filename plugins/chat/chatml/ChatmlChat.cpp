// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// chatml: <|im_start|>role, the text, <|im_end|>, as OpenAI published it and many fine-tunes have it. Both
// tags are control tokens: a tokenizer without them is refused.
#include "plugins/sdk/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

constexpr std::string_view kStart = "<|im_start|>";
constexpr std::string_view kEnd = "<|im_end|>";

class ChatmlChat {
public:
  ChatmlChat(std::span<const cria_option *const> options, const cria_vocabulary &vocabulary)
      : hasBos_(options[0]->integer != 0), hasDummyPrefix_(options[1]->integer != 0),
        end_(cria::plugin::findControl(vocabulary, kEnd)) {
    if (end_ < 0 || cria::plugin::findControl(vocabulary, kStart) < 0) {
      throw cria::plugin::Refusal(
          CRIA_STATUS_INVALID_ARGUMENT,
          "the tokenizer has no control tokens <|im_start|> and <|im_end|>: the model was not "
          "trained on ChatML; choose another template");
    }
  }

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkLast(messages, flags);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, hasDummyPrefix_);
    if (hasBos_) {
      out.special("<s>");
    }
    for (size_t i = 0; i < messages.size(); ++i) {
      out.special(kStart);
      out.text(std::string(cria::plugin::roleName(messages[i].role)) + "\n");
      out.text(messages[i].content);
      if (!cria::plugin::isUnfinished(messages, i, flags)) {
        out.special(kEnd);
        out.text("\n");
      }
    }
    if ((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0) {
      out.special(kStart);
      out.text("assistant\n");
    }
    out.flush();
    writer.stopToken(end_);
  }

private:
  bool hasBos_;
  bool hasDummyPrefix_;
  int32_t end_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info kBos = cria::plugin::bosOption();
  static const cria_option_info *const kOptions[] = {&kBos, &kDummyPrefix};
  static const cria_chat_api kApi = cria::plugin::ChatFunctions<ChatmlChat>::table(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "ChatML: <|im_start|> and <|im_end|>", &kApi);
}
