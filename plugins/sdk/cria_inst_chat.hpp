// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_inst_chat.hpp - the chat format of Llama-2-chat and related models: "[INST] .. [/INST] .. " with BOS
// and EOS around each complete pair. Optional C++20 conveniences for chat templates.
#pragma once

#include "cria_chat.hpp"
#include "cria_strip.hpp"

namespace cria::plugin {

inline constexpr std::string_view kInstTags[] = {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"};

/// Writes messages. REQUIRES: checkTurns() accepts their order. The system message becomes a block at the
/// start of the first user message before that is stripped. An unfinished answer keeps its trailing
/// whitespace, since the model continues there; an empty one adds nothing.
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
