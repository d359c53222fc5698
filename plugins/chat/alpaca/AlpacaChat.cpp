// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alpaca: "### Instruction:" and "### Response:" after a sentence that says so (Stanford Alpaca; with a line
// break after "### Response:", as the fine-tunes since have it). EOS after each answer; further turns follow
// the same way.
#include "plugins/sdk/cria_labelled_chat.hpp"

namespace {

using cria::plugin::view;

constexpr std::string_view kSystem = "Below is an instruction that describes a task. Write a response that "
                                     "appropriately completes the request.";
constexpr std::string_view kResponse = "### Response:";

class AlpacaChat : public cria::plugin::LabelledChat {
public:
  explicit AlpacaChat(std::span<const cria_option *const> options)
      : LabelledChat({.name = CRIA_PLUGIN_NAME,
                      .system = std::string(view(options[0]->text)),
                      .afterSystem = "\n\n",
                      .user = "### Instruction:\n",
                      .afterUser = "\n\n",
                      .assistant = std::string(kResponse) + std::string(view(options[1]->text)),
                      .afterAnswer = std::string(view(options[2]->text)),
                      .open = std::string(kResponse) + std::string(view(options[1]->text))},
                     options[3]->integer != 0) {}
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  using cria::plugin::textOption;
  static const cria_option_info kSystemText = cria::plugin::systemTextOption(kSystem);
  static const cria_option_info kBeforeAnswer = textOption(
      "before_answer", "Text between '### Response:' and the answer; Stanford's own models have none", "\n");
  static const cria_option_info kAfterAnswer = cria::plugin::afterAnswerOption();
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info *const kOptions[] = {&kSystemText, &kBeforeAnswer, &kAfterAnswer,
                                                     &kDummyPrefix};
  static const cria_chat_api kApi = cria::plugin::labelledChatTable<AlpacaChat>(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Stanford Alpaca", &kApi);
}
