// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_inst_chat.hpp - the turns of Llama-2-chat, byte for byte, which later models share:
// "[INST] .. [/INST] .. " with one BOS and one EOS around each finished pair. Optional C++20 conveniences for
// chat templates.
#pragma once

#include "cria_chat.hpp"
#include "cria_strip.hpp"

namespace cria::plugin {

inline constexpr std::string_view kInstTags[] = {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"};

/// Writes messages in an order that checkTurns accepts. The system message is a block at the start of the
/// first user message, joined before that is stripped. An unfinished answer keeps the whitespace at its end,
/// since the model continues right there; an empty one is the open turn.
inline void renderInstTurns(std::span<const Message> messages, uint32_t flags, JoinedWriter &out) {
  std::string system;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message &message = messages[i];
    const std::string content(message.content);
    if (message.role == CRIA_ROLE_SYSTEM) {
      system = "<<SYS>>\n" + content + "\n<</SYS>>\n\n";
    } else if (message.role == CRIA_ROLE_USER) {
      const std::string question = std::exchange(system, "") + content;
      out.special("<s>");
      out.text("[INST] " + std::string(strip(question)) + " [/INST]");
    } else if (isUnfinished(messages, i, flags)) {
      const std::string_view begun = stripLeft(message.content);
      out.text(begun.empty() ? "" : " " + std::string(begun));
    } else {
      out.text(" " + std::string(strip(content)) + " ");
      out.special("</s>");
    }
  }
}

} // namespace cria::plugin
