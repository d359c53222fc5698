// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codellama: the format of CodeLlama-Instruct 7B to 34B, which is that of Llama-2-chat; with format="70b",
// that of CodeLlama-70b-Instruct: "Source: role", with the control token <step> after each message.
#include "plugins/sdk/cria_inst_chat.hpp"
#include "plugins/sdk/cria_options.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

using cria::plugin::strip;

constexpr std::string_view kStep = "<step>";

struct Options {
  std::string format;
  bool hasDummyPrefix = true;
  bool is70b() const { return format == "70b"; }
};

constexpr cria::plugin::Option<Options> kOptions[] = {
    {cria::plugin::textOption("format", "instruct, or 70b for the format of the 70B model", "instruct"),
     cria::plugin::storeIn<&Options::format>},
    {cria::plugin::dummyPrefixOption(), cria::plugin::storeIn<&Options::hasDummyPrefix>},
};

class CodellamaChat {
public:
  CodellamaChat(std::span<const cria_option *const> given, const cria_vocabulary &vocabulary)
      : options_(cria::plugin::readOptions(kOptions, given)),
        step_(cria::plugin::findControl(vocabulary, kStep)) {
    if (!options_.is70b() && options_.format != "instruct") {
      throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                  "option 'format' is '" + options_.format + "', expected instruct or 70b");
    }
  }

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, options_.hasDummyPrefix);
    options_.is70b() ? renderSources(messages, flags, out)
                     : cria::plugin::renderInstTurns(messages, flags, out);
    out.flush();
    if (!options_.is70b()) {
      writer.stopText("[INST]"); // a model that misses its EOS continues with the user's next turn
    } else if (step_ >= 0) {
      writer.stopToken(step_);
    }
  }

private:
  static void renderSources(std::span<const Message> messages, uint32_t flags, JoinedWriter &out) {
    out.special("<s>");
    for (size_t i = 0; i < messages.size(); ++i) {
      const Message &message = messages[i];
      out.text("Source: " + std::string(cria::plugin::roleName(message.role)) + "\n\n ");
      if (cria::plugin::isUnfinished(messages, i, flags)) {
        out.text(cria::plugin::stripLeft(message.content));
        return;
      }
      out.text(std::string(strip(message.content)) + " ");
      out.special(kStep);
      out.text(" ");
    }
    out.text((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0 ? "Source: assistant\nDestination: user\n\n "
                                                            : "");
  }

  Options options_;
  int32_t step_; // -1: the vocabulary has no <step>
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  constexpr std::string_view tags[] = {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "Source: "};
  return cria::plugin::reportTags(text, tags, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_chat_api kApi = [] {
    cria_chat_api api =
        cria::plugin::ChatFunctions<CodellamaChat>::table(cria::plugin::kDeclarations<kOptions>);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The formats of CodeLlama-Instruct", &kApi);
}
