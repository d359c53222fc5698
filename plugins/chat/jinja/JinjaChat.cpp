// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// jinja: runs the chat template that a checkpoint brings along, in the language of Jinja.
#include "plugins/chat/jinja/Template.h"
#include "plugins/sdk/cria_options.hpp"

using cria::jinja::Template;
using cria::plugin::ChatWriter;
using cria::plugin::flagOption;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;
using cria::plugin::storeIn;
using cria::plugin::textOption;

namespace {

struct Options {
  std::string source;
  std::string bos;
  std::string eos;
  bool trimBlocks = true;
  bool lstripBlocks = true;
  std::string stop;
  bool hasDummyPrefix = true;
};

constexpr cria::plugin::Option<Options> kOptions[] = {
    {textOption("template", "Text of the template; default: the checkpoint's own", ""),
     storeIn<&Options::source>},
    {textOption("bos", "Value of bos_token; default: the vocabulary's BOS", ""), storeIn<&Options::bos>},
    {textOption("eos", "Value of eos_token; default: the vocabulary's EOS", ""), storeIn<&Options::eos>},
    {flagOption("trim_blocks", "Remove the newline after a block tag", true), storeIn<&Options::trimBlocks>},
    {flagOption("lstrip_blocks", "Remove blanks before a block tag that begins a line", true),
     storeIn<&Options::lstripBlocks>},
    {textOption("stop", "Token or text that ends answers in addition to EOS; default: none", ""),
     storeIn<&Options::stop>},
    {cria::plugin::dummyPrefixOption(), storeIn<&Options::hasDummyPrefix>},
};

std::vector<std::string_view> controlNames(const cria_vocabulary &vocabulary) {
  std::vector<std::string_view> names;
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    if (vocabulary.kinds[id] == CRIA_TOKEN_CONTROL) {
      names.push_back(cria::plugin::view(vocabulary.names[id]));
    }
  }
  return names;
}

Options readOptions(std::span<const cria_option *const> given, const cria_vocabulary &vocabulary) {
  Options options = cria::plugin::readOptions(kOptions, given);
  if (options.source.empty()) {
    throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                "the option template is empty, expected the text of a template");
  }
  options.bos = options.bos.empty() ? cria::plugin::bosName(vocabulary) : options.bos;
  options.eos = options.eos.empty() ? cria::plugin::eosName(vocabulary) : options.eos;
  return options;
}

Template compile(const Options &options, const cria_vocabulary &vocabulary) {
  std::vector<std::string_view> specials = controlNames(vocabulary);
  if (specials.empty()) { // a model without a tokenizer
    specials = {options.bos, options.eos};
  }
  return Template({.source = options.source,
                   .bos = options.bos,
                   .eos = options.eos,
                   .specials = std::move(specials),
                   .lexer = {.trimBlocks = options.trimBlocks, .lstripBlocks = options.lstripBlocks}});
}

class JinjaChat {
public:
  JinjaChat(std::span<const cria_option *const> given, const cria_vocabulary &vocabulary)
      : options_(readOptions(given, vocabulary)), template_(compile(options_, vocabulary)),
        stopId_(cria::plugin::findControl(vocabulary, options_.stop)) {}

  // Which conversations are accepted is up to the template itself.
  std::string check(std::span<const Message> messages, uint32_t flags) const {
    const bool continues = (flags & CRIA_CHAT_CONTINUE_LAST) != 0;
    return continues ? cria::plugin::checkLast(messages, flags) : "";
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter segments(writer, options_.hasDummyPrefix);
    for (const cria::jinja::Segment &segment : template_.render(messages, flags)) {
      segment.isSpecial ? segments.special(segment.text) : segments.text(segment.text);
    }
    segments.flush();
    if (!options_.stop.empty() && stopId_ >= 0) {
      writer.stopToken(stopId_);
    } else if (!options_.stop.empty()) {
      writer.stopText(options_.stop);
    }
  }

private:
  Options options_;
  Template template_;
  int32_t stopId_; // -1: the option `stop` is a text
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  using cria::plugin::kDeclarations;
  static const cria_chat_api kApi = cria::plugin::ChatFunctions<JinjaChat>::table(kDeclarations<kOptions>);
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                   "A checkpoint's own chat template, in the language of Jinja", &kApi);
}
