// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// chatml: <|im_start|>role, the text, <|im_end|>, as OpenAI published it and many fine-tunes have it. The
// tags are tokens, or text if the tokenizer has no such tokens.
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

namespace {

struct Options {
  FlagOption bos = kBosOption;
  FlagOption dummyPrefix = kDummyPrefixOption;
};

} // namespace

static ChatFormat format(const Options &options) {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.before = "system\n", .hasEnd = true, .after = "\n"},
          .user = {.before = "user\n", .hasEnd = true, .after = "\n"},
          .assistant = {.before = "assistant\n", .hasEnd = true, .after = "\n"},
          .open = "assistant\n",
          .hasBos = options.bos.value,
          .startToken = "<|im_start|>",
          .endToken = "<|im_end|>",
          .hasDummyPrefix = options.dummyPrefix.value,
          .alternates = false};
}

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return answerLabelledChat<format>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                    "ChatML: <|im_start|> and <|im_end|>");
}
