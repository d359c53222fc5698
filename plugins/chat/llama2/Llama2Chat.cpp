// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// llama2: the format of Llama-2-chat, byte for byte. Each finished pair of messages is encoded separately,
// between one BOS and one EOS; the open turn has a BOS.
#include "plugins/sdk/cria_inst_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::kInstTags;
using cria::plugin::Message;

namespace {

class Llama2Chat {
public:
  struct Options {
    cria::plugin::FlagOption refuseTags{"refuse_tags", "Refuse messages that contain the template's tags",
                                        false};
  };
  explicit Llama2Chat(const Options &options) : refusesTags_(options.refuseTags.value) {}

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

  static std::span<const std::string_view> tags() { return kInstTags; }

private:
  std::string checkTags(std::span<const Message> messages) const {
    for (size_t i = 0; refusesTags_ && i < messages.size(); ++i) {
      if (const std::string_view tag = cria::plugin::findTag(messages[i].content, kInstTags); !tag.empty()) {
        return cria::plugin::nameOf(messages, i) + " contains " + std::string(tag) +
               ", a tag of the template; the option refuse_tags forbids it";
      }
    }
    return "";
  }

  bool refusesTags_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerChat<Llama2Chat>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                              "The format of Llama-2-chat");
}
