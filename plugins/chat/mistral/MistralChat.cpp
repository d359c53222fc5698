// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mistral: the format of Mistral-7B-Instruct v0.1 and v0.2. [INST] and [/INST] are text; EOS follows each
// answer; the system message stands before the first question. Mistral's own code encodes an answer with a
// space before it; the published Jinja templates have none there, and that of v0.1 has one after EOS: the
// options choose.
#include "plugins/sdk/cria_labelled_chat.hpp"

using namespace cria::plugin;

namespace {

struct Options {
  FlagOption answerSpace{"answer_space", "Put a space between [/INST] and an answer", true};
  TextOption afterAnswer = afterAnswerOption();
  FlagOption dummyPrefix = kDummyPrefixOption;
};

} // namespace

static ChatFormat format(const Options &options) {
  return {.name = CRIA_PLUGIN_NAME,
          .system = {.after = "\n\n"},
          .user = {.before = "[INST] ", .after = " [/INST]"},
          .assistant = {.before = options.answerSpace.value ? " " : "",
                        .hasEnd = true,
                        .after = options.afterAnswer.value},
          .hasDummyPrefix = options.dummyPrefix.value,
          .labelsEmptyAnswer = false, // the model writes the space itself
          .systemPlace = SystemPlace::firstUserTurn};
}

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return answerLabelledChat<format>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                    "The format of Mistral-7B-Instruct");
}
