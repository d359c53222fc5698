// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// llama2: the format of Llama-2-chat, byte for byte. Each finished pair of messages is encoded separately,
// between one BOS and one EOS; the open turn has a BOS.
#include "plugins/sdk/cria_inst_chat.hpp"
#include "plugins/sdk/cria_options.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::kInstTags;
using cria::plugin::Message;

namespace {

struct Options {
  bool refuseTags = false;
};

constexpr cria::plugin::Option<Options> kOptions[] = {
    {cria::plugin::flagOption("refuse_tags", "Refuse messages that contain the template's tags", false),
     cria::plugin::storeIn<&Options::refuseTags>}};

class Llama2Chat {
public:
  explicit Llama2Chat(std::span<const cria_option *const> given)
      : options_(cria::plugin::readOptions(kOptions, given)) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    const std::string refusal = cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
    return refusal.empty() ? checkTags(messages) : refusal;
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    cria::plugin::JoinedWriter out(writer, /*hasDummyPrefix=*/true);
    cria::plugin::renderInstTurns(messages, flags, out);
    out.flush();
    writer.stopText("[INST]"); // a model that misses its EOS continues with the user's next turn
  }

private:
  std::string checkTags(std::span<const Message> messages) const {
    for (size_t i = 0; options_.refuseTags && i < messages.size(); ++i) {
      if (const std::string_view tag = cria::plugin::findTag(messages[i].content, kInstTags); !tag.empty()) {
        return cria::plugin::nameOf(messages, i) + " contains " + std::string(tag) +
               ", a tag of the template, and the option refuse_tags is set";
      }
    }
    return "";
  }

  Options options_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  return cria::plugin::reportTags(text, kInstTags, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<Llama2Chat>::table(cria::plugin::kDeclarations<kOptions>);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Llama-2-chat", &kApi);
}
