// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plain: for base models. The conversation is one text after one BOS: the contents of all messages, unchanged
// and whatever their roles, joined by a separator. The model continues that text.
#include "plugins/sdk/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::Message;

namespace {

class PlainChat {
public:
  struct Options {
    cria::plugin::TextOption separator{"separator", "Text between two messages", "\n"};
  };
  explicit PlainChat(const Options &options) : separator_(options.separator.value) {}

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
  return cria::plugin::answerChat<PlainChat>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                             "Messages as one plain text, for base models");
}
