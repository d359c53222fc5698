// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// zephyr: <|user|>, <|system|> and <|assistant|> as text on a line of their own, and EOS after each message
// (HuggingFaceH4/zephyr, TinyLlama-Chat).
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

static ChatFormat format() {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.before = "<|system|>\n", .hasEnd = true, .after = "\n"},
          .user = {.before = "<|user|>\n", .hasEnd = true, .after = "\n"},
          .assistant = {.before = "<|assistant|>\n", .hasEnd = true, .after = "\n"},
          .open = "<|assistant|>\n",
          .alternates = false};
}

static constexpr Option<ChatFormat> kOptions[] = {kBosOption, kDummyPrefixOption};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerLabelledChat<format, kOptions>(host, out, message, CRIA_VERSION,
                                                            "The format of Zephyr and TinyLlama-Chat");
}
