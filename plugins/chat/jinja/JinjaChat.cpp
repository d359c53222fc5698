// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// jinja: runs the chat template that a checkpoint brings along, in the language of Jinja.
#include "plugins/chat/jinja/Template.h"

using cria::jinja::Template;
using cria::plugin::ChatWriter;
using cria::plugin::FlagOption;
using cria::plugin::JoinedWriter;
using cria::plugin::Message;
using cria::plugin::TextOption;

namespace {

struct Options {
  TextOption source{"template", "Text of the template; default: the checkpoint's own", ""};
  TextOption bos{"bos", "Value of bos_token; default: the vocabulary's BOS", ""};
  TextOption eos{"eos", "Value of eos_token; default: the vocabulary's EOS", ""};
  TextOption names{"names", "Values of further variables of the template, one per line: pad_token=<pad>", ""};
  FlagOption trimBlocks{"trim_blocks", "Remove the newline after a block tag", true};
  FlagOption lstripBlocks{"lstrip_blocks", "Remove blanks before a block tag that begins a line", true};
  TextOption stop{
      "stop",
      "Token or text that ends answers in addition to EOS; default: what the template writes behind "
      "an answer",
      ""};
  TextOption tokens{"tokens",
                    "Names of tokens that the template may write besides control tokens, one per line", ""};
  FlagOption dummyPrefix = cria::plugin::kDummyPrefixOption;
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

void addLines(std::string_view lines, std::vector<std::string_view> &names) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    if (end > 0) {
      names.push_back(lines.substr(0, end));
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

/// The pairs in lines "name=value".
std::vector<std::pair<std::string_view, std::string_view>> namesIn(std::string_view text) {
  std::vector<std::string_view> lines;
  addLines(text, lines);
  std::vector<std::pair<std::string_view, std::string_view>> names;
  for (const std::string_view line : lines) {
    const size_t sign = line.find('=');
    if (sign == line.npos) {
      throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                  "the option names: expected lines as in pad_token=<pad>, got '" +
                                      std::string(line) + "'");
    }
    names.emplace_back(line.substr(0, sign), line.substr(sign + 1));
  }
  return names;
}

/// The options with the vocabulary's own tokens where none are given.
Options resolve(Options options, const cria_vocabulary &vocabulary) {
  if (options.source.value.empty()) {
    throw cria::plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                                "the option template is empty, expected the text of a template");
  }
  if (options.bos.value.empty()) {
    options.bos.value = cria::plugin::bosName(vocabulary);
  }
  if (options.eos.value.empty()) {
    options.eos.value = cria::plugin::eosName(vocabulary);
  }
  return options;
}

Template compile(const Options &options, const cria_vocabulary &vocabulary) {
  std::vector<std::string_view> specials = controlNames(vocabulary);
  if (specials.empty()) { // a model without a tokenizer
    specials = {options.bos.value, options.eos.value};
  }
  addLines(options.tokens.value, specials);
  return Template(
      {.source = options.source.value,
       .bos = options.bos.value,
       .eos = options.eos.value,
       .names = namesIn(options.names.value),
       .specials = std::move(specials),
       .lexer = {.trimBlocks = options.trimBlocks.value, .lstripBlocks = options.lstripBlocks.value}});
}

class JinjaChat {
public:
  using Options = ::Options;
  JinjaChat(const Options &options, const cria_vocabulary &vocabulary)
      : options_(resolve(options, vocabulary)), template_(compile(options_, vocabulary)),
        stop_(options_.stop.value.empty() ? endOfTurn(template_) : options_.stop.value),
        stopId_(cria::plugin::findToken(vocabulary, stop_)), marks_(template_.plainMarks()) {}

  // What messages should not contain.
  std::vector<std::string_view> tags() const { return {marks_.begin(), marks_.end()}; }

  // Which conversations are accepted is up to the template itself.
  std::string check(std::span<const Message> messages, uint32_t flags) const {
    const bool continues = (flags & CRIA_CHAT_CONTINUE_LAST) != 0;
    return continues ? cria::plugin::checkLast(messages, flags) : "";
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    JoinedWriter segments(writer, options_.dummyPrefix.value);
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
  static std::string endOfTurn(const Template &chat) {
    const std::optional<cria::jinja::Segment> end = chat.endOfTurn();
    return end ? end->text : "";
  }

  Options options_;
  Template template_;
  std::string stop_; // ends answers; empty: nothing but EOS
  int32_t stopId_;   // -1: it is a text
  std::vector<std::string> marks_;
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerChat<JinjaChat>(host, out, message, CRIA_PLUGIN_NAME, CRIA_VERSION,
                                             "A checkpoint's own chat template, in the language of Jinja");
}
