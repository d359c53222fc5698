// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plain: for base models. The conversation is one text after one BOS: the contents of all messages, unchanged
// and whatever their roles, with a separator between. The model goes on with that text.
#include "plugins/sdk/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::Message;

namespace {

class PlainChat {
public:
  explicit PlainChat(std::span<const cria_option *const> options)
      : separator_(cria::plugin::view(options[0]->text)) {}

  std::string check(std::span<const Message>, uint32_t) const { return ""; }

  void render(std::span<const Message> messages, uint32_t, ChatWriter &writer) const {
    std::string text;
    for (size_t i = 0; i < messages.size(); ++i) {
      text += i == 0 ? "" : separator_;
      text += messages[i].content;
    }
    writer.special("<s>");
    writer.text(text);
  }

private:
  std::string separator_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kOption =
      cria::plugin::textOption("separator", "Text between two messages", "\n");
  static const cria_option_info *const kOptions[] = {&kOption};
  static const cria_chat_api kApi = cria::plugin::ChatFunctions<PlainChat>::table(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, "plain", CRIA_VERSION,
                                   "Messages as one plain text, for base models", &kApi);
}
