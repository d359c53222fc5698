// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alpaca: "### Instruction:" and "### Response:" after a sentence that introduces them (Stanford Alpaca; with
// a line break after "### Response:", as later fine-tunes have it). EOS after each answer; further turns
// follow in the same form.
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

static ChatFormat format() {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.after = "\n\n"},
          .user = {.before = "### Instruction:\n", .after = "\n\n"},
          .assistant = {.before = "### Response:", .hasEnd = true},
          .open = "### Response:"};
}

static void storeBeforeAnswer(ChatFormat &format, const cria_option &given) {
  format.assistant.before += view(given.text);
  format.open += view(given.text);
}

static constexpr Option<ChatFormat> kOptions[] = {
    systemTextOption("Below is an instruction that describes a task. Write a response that appropriately "
                     "completes the request."),
    {textOption("before_answer",
                "Text between '### Response:' and the answer; empty for Stanford's own models", "\n"),
     storeBeforeAnswer},
    kAfterAnswerOption,
    kDummyPrefixOption,
};

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerLabelledChat<format, kOptions>(host, out, message, CRIA_VERSION,
                                                            "The format of Stanford Alpaca");
}
