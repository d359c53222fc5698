// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vicuna: USER: and ASSISTANT: in one line after a system sentence, EOS after each answer (FastChat,
// Vicuna 1.1 and 1.5).
#include "plugins/sdk/cria_labelled_chat.hpp"

namespace {

constexpr std::string_view kSystem =
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
    "detailed, and polite answers to the user's questions.";

class VicunaChat : public cria::plugin::LabelledChat {
public:
  explicit VicunaChat(std::span<const cria_option *const> options)
      : LabelledChat({.name = CRIA_PLUGIN_NAME,
                      .system = std::string(cria::plugin::view(options[0]->text)),
                      .afterSystem = " ",
                      .user = "USER: ",
                      .afterUser = " ",
                      .assistant = "ASSISTANT: ",
                      .afterAnswer = "",
                      .open = "ASSISTANT:"},
                     options[1]->integer != 0) {}
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kSystemText = cria::plugin::systemTextOption(kSystem);
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info *const kOptions[] = {&kSystemText, &kDummyPrefix};
  static const cria_chat_api kApi = cria::plugin::labelledChatTable<VicunaChat>(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Vicuna 1.1 and 1.5", &kApi);
}
