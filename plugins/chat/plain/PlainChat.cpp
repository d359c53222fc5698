// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plain: for base models. The conversation is one text after one BOS: the contents of all messages, unchanged
// and whatever their roles, joined by a separator. The model continues that text.
#include "plugins/sdk/cria_chat.hpp"
#include "plugins/sdk/cria_options.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::Message;

namespace {

struct Options {
  std::string separator;
};

constexpr cria::plugin::Option<Options> kOptions[] = {
    {cria::plugin::textOption("separator", "Text between two messages", "\n"),
     cria::plugin::storeIn<&Options::separator>}};

class PlainChat {
public:
  explicit PlainChat(std::span<const cria_option *const> given)
      : options_(cria::plugin::readOptions(kOptions, given)) {}

  std::string check(std::span<const Message>, uint32_t) const { return ""; }

  void render(std::span<const Message> messages, uint32_t, ChatWriter &writer) const {
    std::string text;
    for (size_t i = 0; i < messages.size(); ++i) {
      text += i == 0 ? "" : options_.separator;
      text += messages[i].content;
    }
    writer.special("<s>");
    writer.text(text);
  }

private:
  Options options_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  using cria::plugin::kDeclarations;
  static const cria_chat_api kApi = cria::plugin::ChatFunctions<PlainChat>::table(kDeclarations<kOptions>);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "Messages as one plain text, for base models", &kApi);
}
