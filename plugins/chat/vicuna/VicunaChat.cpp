// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vicuna: USER: and ASSISTANT: in one line after a system sentence, EOS after each answer (FastChat,
// Vicuna 1.1 and 1.5).
#include "plugins/api/cria_labelled_chat.hpp"

static constexpr cria::plugin::ChatLabels kLabels{.name = CRIA_PLUGIN_NAME,
                                                  .system =
                                                      "A chat between a curious user and an artificial "
                                                      "intelligence assistant. The assistant gives helpful, "
                                                      "detailed, and polite answers to the user's questions.",
                                                  .afterSystem = " ",
                                                  .user = "USER: ",
                                                  .afterUser = " ",
                                                  .assistant = "ASSISTANT: ",
                                                  .open = "ASSISTANT:"};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_chat_api kApi = cria::plugin::LabelledChat<kLabels>::table();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Vicuna 1.1 and 1.5", &kApi);
}
