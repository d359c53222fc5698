// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mistral: the format of Mistral-7B-Instruct v0.1 and v0.2. BOS once; [INST] and [/INST] are text; EOS after
// each answer. A system text stands before the first question. Mistral's own code encodes an answer with a
// space before it; the published Jinja templates have none there, and v0.1's one behind EOS: for these there
// are options.
#include "plugins/sdk/cria_chat.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;

namespace {

class MistralChat {
public:
  explicit MistralChat(std::span<const cria_option *const> options)
      : beforeAnswer_(options[0]->integer != 0 ? " " : ""),
        afterAnswer_(cria::plugin::view(options[1]->text)), hasDummyPrefix_(options[2]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    return cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter out(writer, hasDummyPrefix_);
    out.special("<s>");
    std::string system;
    for (size_t i = 0; i < messages.size(); ++i) {
      const Message &message = messages[i];
      if (message.role == CRIA_ROLE_SYSTEM) {
        system = std::string(message.content) + "\n\n";
      } else if (message.role == CRIA_ROLE_USER) {
        out.text("[INST] " + std::exchange(system, "") + std::string(message.content) + " [/INST]");
      } else {
        const bool isOpen = cria::plugin::isUnfinished(messages, i, flags);
        out.text(isOpen && message.content.empty() ? "" : beforeAnswer_); // the model writes the space
        out.text(message.content);
        if (!isOpen) {
          out.special("</s>");
          out.text(afterAnswer_);
        }
      }
    }
    out.flush();
    writer.stopText("[INST]"); // a model that misses its EOS goes on with the user's next turn
  }

private:
  std::string beforeAnswer_;
  std::string afterAnswer_;
  bool hasDummyPrefix_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  constexpr std::string_view tags[] = {"[INST]", "[/INST]"};
  return cria::plugin::reportTags(text, tags, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kDummyPrefix = cria::plugin::dummyPrefixOption();
  static const cria_option_info kAnswerSpace =
      cria::plugin::flagOption("answer_space", "A space between [/INST] and an answer", true);
  static const cria_option_info kAfterAnswer = cria::plugin::afterAnswerOption();
  static const cria_option_info *const kOptions[] = {&kAnswerSpace, &kAfterAnswer, &kDummyPrefix};
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<MistralChat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "The format of Mistral-7B-Instruct", &kApi);
}
