// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codellama: the format of CodeLlama-Instruct 7B to 34B, which is that of Llama-2-chat; with format="70b",
// that of CodeLlama-70b-Instruct: "Source: role", with the control token <step> after each message.
#include "plugins/sdk/cria_inst_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

using cria::plugin::strip;

constexpr std::string_view kStep = "<step>";

class CodellamaChat {
public:
  struct Options {
    cria::plugin::TextOption format{"format", "instruct, or 70b for the format of the 70B model", "instruct"};
    cria::plugin::FlagOption dummyPrefix = cria::plugin::kDummyPrefixOption;
  };
  CodellamaChat(const Options &options, const cria_vocabulary &vocabulary)
      : is70b_(options.format.value == "70b"), hasDummyPrefix_(options.dummyPrefix.value),
        step_(cria::plugin::findControl(vocabulary, kStep)) {
    if (!is70b_ && options.format.value != "instruct") {
      throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                  "option 'format': expected instruct or 70b, got '" + options.format.value +
                                      "'");
    }
  }

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, hasDummyPrefix_);
    is70b_ ? renderSources(messages, flags, out) : cria::plugin::renderInstTurns(messages, flags, out);
    out.flush();
    if (!is70b_) {
      writer.stopText("[INST]"); // a model that misses its EOS continues with the user's next turn
    } else if (step_ >= 0) {
      writer.stopToken(step_);
    }
  }

  static std::span<const std::string_view> tags() {
    static constexpr std::string_view kTags[] = {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "Source: "};
    return kTags;
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

  bool is70b_;
  bool hasDummyPrefix_;
  int32_t step_; // -1: the vocabulary has no <step>
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerChat<CodellamaChat>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                                 "The formats of CodeLlama-Instruct");
}
