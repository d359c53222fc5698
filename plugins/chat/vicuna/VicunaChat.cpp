// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vicuna: USER: and ASSISTANT: on one line after a system sentence, EOS after each answer (FastChat,
// Vicuna 1.1 and 1.5).
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

namespace {

struct Options {
  TextOption system = systemTextOption(
      "A chat between a curious user and an artificial intelligence assistant. The assistant "
      "gives helpful, detailed, and polite answers to the user's questions.");
  FlagOption dummyPrefix = kDummyPrefixOption;
};

} // namespace

static ChatFormat format(const Options &options) {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.after = " "},
          .user = {.before = "USER: ", .after = " "},
          .assistant = {.before = "ASSISTANT: ", .hasEnd = true},
          .open = "ASSISTANT:",
          .hasDummyPrefix = options.dummyPrefix.value,
          .defaultSystem = options.system.value};
}

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return answerLabelledChat<format>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                    "The format of Vicuna 1.1 and 1.5");
}
