// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alpaca: "### Instruction:" and "### Response:" after a sentence that says so (Stanford Alpaca; with a line
// break after "### Response:", as the fine-tunes since have it). EOS after each answer; further turns follow
// the same way.
#include "plugins/api/cria_labelled_chat.hpp"

static constexpr cria::plugin::ChatLabels kLabels{.name = CRIA_PLUGIN_NAME,
                                                  .system =
                                                      "Below is an instruction that describes a task. Write "
                                                      "a response that appropriately completes the request.",
                                                  .afterSystem = "\n\n",
                                                  .user = "### Instruction:\n",
                                                  .afterUser = "\n\n",
                                                  .assistant = "### Response:\n",
                                                  .open = "### Response:\n"};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_chat_api kApi = cria::plugin::LabelledChat<kLabels>::table();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Stanford Alpaca", &kApi);
}
