// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// llama2: the format of Llama-2-chat, byte for byte. Each finished pair of messages stands between one BOS
// and one EOS and is encoded on its own; the open turn has its BOS. The system text is a block at the start
// of the first user text, joined before that is stripped.
#include "plugins/api/cria_chat.hpp"
#include "plugins/api/cria_strip.hpp"

using cria::plugin::ChatWriter;
using cria::plugin::Message;
using cria::plugin::nameOf;
using cria::plugin::strip;
using cria::plugin::stripLeft;

namespace {

constexpr std::string_view kBos = "<s>";
constexpr std::string_view kEos = "</s>";
constexpr std::string_view kInst = "[INST]";
constexpr std::string_view kInstEnd = "[/INST]";
constexpr std::string_view kSystem = "<<SYS>>";
constexpr std::string_view kSystemEnd = "<</SYS>>";

std::string_view findTag(std::string_view text) {
  for (const std::string_view tag : {kInst, kInstEnd, kSystem, kSystemEnd}) {
    if (text.find(tag) != std::string_view::npos) {
      return tag;
    }
  }
  return {};
}

class Llama2Chat {
public:
  explicit Llama2Chat(std::span<const cria_option *const> options) : refuseTags_(options[0]->integer != 0) {}

  std::string check(std::span<const Message> messages, uint32_t flags) const {
    const std::string refusal = cria::plugin::checkTurns(messages, flags, CRIA_PLUGIN_NAME);
    return refusal.empty() ? checkTags(messages) : refusal;
  }

  void render(std::span<const Message> messages, uint32_t flags, ChatWriter &writer) const {
    std::string systemBlock;
    if (messages[0].role == CRIA_ROLE_SYSTEM) {
      systemBlock = block(messages[0].content);
      messages = messages.subspan(1);
    }
    for (size_t i = 0; i < messages.size(); i += 2) {
      std::string user = (i == 0 ? systemBlock : "") + std::string(messages[i].content);
      std::string turn = join({kInst, " ", strip(user), " ", kInstEnd});
      writer.special(kBos);
      if (i + 1 == messages.size()) {
        writer.text(turn);
      } else if (i + 2 == messages.size() && (flags & CRIA_CHAT_CONTINUE_LAST) != 0) {
        writer.text(turn + unfinished(messages[i + 1].content));
      } else {
        writer.text(turn + join({" ", strip(messages[i + 1].content), " "}));
        writer.special(kEos);
      }
    }
    writer.stopText(kInst); // a model that misses its EOS goes on with the user's next turn
  }

private:
  static std::string join(std::initializer_list<std::string_view> parts) {
    std::string result;
    for (const std::string_view part : parts) {
      result += part;
    }
    return result;
  }

  static std::string block(std::string_view system) {
    return join({kSystem, "\n", system, "\n", kSystemEnd, "\n\n"});
  }

  // What is there of an answer: its end is kept, since the model goes on right there. Nothing yet is the open
  // turn.
  static std::string unfinished(std::string_view answer) {
    const std::string_view begun = stripLeft(answer);
    return begun.empty() ? "" : join({" ", begun});
  }

  std::string checkTags(std::span<const Message> messages) const {
    for (size_t i = 0; refuseTags_ && i < messages.size(); ++i) {
      if (const std::string_view tag = findTag(messages[i].content); !tag.empty()) {
        return nameOf(messages, i) + " contains " + std::string(tag) +
               ", a tag of the template, and the option refuse_tags is set";
      }
    }
    return "";
  }

  bool refuseTags_;
};

cria_status findTags(cria_chat *, cria_string text, uint32_t *found, cria_message *message) {
  return cria::plugin::reportTags(text, {kInst, kInstEnd, kSystem, kSystemEnd}, found, message);
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_option_info kOption =
      cria::plugin::flagOption("refuse_tags", "Refuse messages that contain the template's tags", false);
  static const cria_option_info *const kOptions[] = {&kOption};
  static const cria_chat_api kApi = [] {
    cria_chat_api api = cria::plugin::ChatFunctions<Llama2Chat>::table(kOptions);
    api.find_tags = findTags;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, "llama2", CRIA_VERSION,
                                   "The format of Llama-2-chat", &kApi);
}
