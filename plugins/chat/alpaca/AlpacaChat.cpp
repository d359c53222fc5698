// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alpaca: "### Instruction:" and "### Response:" after a sentence that introduces them (Stanford Alpaca; with
// a line break after "### Response:", as later fine-tunes have it). EOS after each answer; further turns
// follow in the same form.
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

namespace {

struct Options {
  TextOption system = systemTextOption("Below is an instruction that describes a task. Write a response that "
                                       "appropriately completes the request.");
  TextOption beforeAnswer{
      "before_answer", "Text between '### Response:' and the answer; empty for Stanford's own models", "\n"};
  TextOption afterAnswer = afterAnswerOption();
  FlagOption dummyPrefix = kDummyPrefixOption;
};

} // namespace

static ChatFormat format(const Options &options) {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.after = "\n\n"},
          .user = {.before = "### Instruction:\n", .after = "\n\n"},
          .assistant = {.before = "### Response:" + options.beforeAnswer.value,
                        .hasEnd = true,
                        .after = options.afterAnswer.value},
          .open = "### Response:" + options.beforeAnswer.value,
          .hasDummyPrefix = options.dummyPrefix.value,
          .defaultSystem = options.system.value};
}

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return answerLabelledChat<format>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                    "The format of Stanford Alpaca");
}
