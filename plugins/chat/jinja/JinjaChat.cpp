// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// jinja: a chat template that a checkpoint brings along, in the language of Jinja.
#include "plugins/chat/jinja/Template.h"

using cria::jinja::Template;
using cria::plugin::ChatWriter;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;
using cria::plugin::view;

namespace {

std::vector<std::string_view> controlNames(const cria_vocabulary &vocabulary) {
  std::vector<std::string_view> names;
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    if (vocabulary.kinds[id] == CRIA_TOKEN_CONTROL) {
      names.push_back(view(vocabulary.names[id]));
    }
  }
  return names;
}

Template compile(std::span<const cria_option *const> options, const cria_vocabulary &vocabulary) {
  const std::string bos(options[1]->text.size != 0 ? view(options[1]->text)
                                                   : cria::plugin::bosName(vocabulary));
  const std::string eos(options[2]->text.size != 0 ? view(options[2]->text)
                                                   : cria::plugin::eosName(vocabulary));
  std::vector<std::string_view> specials = controlNames(vocabulary);
  if (specials.empty()) { // a model without a tokenizer
    specials = {bos, eos};
  }
  if (options[0]->text.size == 0) {
    throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                "the option template is empty, expected the text of a template");
  }
  return Template(
      {.source = view(options[0]->text),
       .bos = bos,
       .eos = eos,
       .specials = std::move(specials),
       .lexer = {.trimBlocks = options[3]->integer != 0, .lstripBlocks = options[4]->integer != 0}});
}

class JinjaChat {
public:
  JinjaChat(std::span<const cria_option *const> options, const cria_vocabulary &vocabulary)
      : template_(compile(options, vocabulary)), stop_(view(options[5]->text)),
        stopId_(cria::plugin::findControl(vocabulary, stop_)), hasDummyPrefix_(options[6]->integer != 0) {}

  // The template itself refuses what it does not take.
  std::string check(std::span<const Message> messages, uint32_t flags) const {
    const bool continues = (flags & CRIA_CHAT_CONTINUE_LAST) != 0;
    return continues ? cria::plugin::checkLast(messages, flags) : "";
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter segments(writer, hasDummyPrefix_);
    for (const cria::jinja::Segment &segment : template_.render(messages, flags)) {
      segment.isSpecial ? segments.special(segment.text) : segments.text(segment.text);
    }
    segments.flush();
    if (!stop_.empty() && stopId_ >= 0) {
      writer.stopToken(stopId_);
    } else if (!stop_.empty()) {
      writer.stopText(stop_);
    }
  }

private:
  Template template_;
  std::string stop_;
  int32_t stopId_;
  bool hasDummyPrefix_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  using cria::plugin::flagOption;
  using cria::plugin::textOption;
  static const cria_option_info kInfos[] = {
      textOption("template", "The text of the template; default: the checkpoint's own", ""),
      textOption("bos", "bos_token; default: the vocabulary's BOS", ""),
      textOption("eos", "eos_token; default: the vocabulary's EOS", ""),
      flagOption("trim_blocks", "Drop the newline after a block tag", true),
      flagOption("lstrip_blocks", "Drop blanks before a block tag that begins a line", true),
      textOption("stop", "A token or text that ends answers beside EOS; default: none", ""),
      cria::plugin::dummyPrefixOption(),
  };
  static const cria_option_info *const kOptions[] = {&kInfos[0], &kInfos[1], &kInfos[2], &kInfos[3],
                                                     &kInfos[4], &kInfos[5], &kInfos[6]};
  static const cria_chat_api kApi = cria::plugin::ChatFunctions<JinjaChat>::table(kOptions);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "A checkpoint's own chat template, in the language of Jinja", &kApi);
}
