// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/serve/Conversation.h"

#include "runtime/text/TextLimit.h"

namespace cria {

StatusOr<ChatTurn> Conversation::render() const {
  std::vector<ChatMessage> all;
  if (!system_.empty()) {
    all.push_back({ChatRole::system, system_});
  }
  all.insert(all.end(), messages_.begin(), messages_.end());
  CRIA_ASSIGN_OR_RETURN(RenderedChat rendered, chat_.render(all));
  CRIA_ASSIGN_OR_RETURN(std::vector<int32_t> ids,
                        encodeSegments(rendered.segments, tokenizer_, rendered.markers));
  return ChatTurn{std::move(ids), std::move(rendered.stopTexts), std::move(rendered.stopIds)};
}

Status Conversation::setSystem(std::string text) {
  CRIA_RETURN_IF_ERROR(checkTextLength(text, tokenizer_, context_).withContext("the system prompt"));
  StatusOr<std::vector<int32_t>> ids = tokenizer_.encode(text);
  if (!ids.ok()) {
    return ids.status().withContext("the system prompt");
  }
  if (ids->size() >= context_) {
    return invalidArgument("the system prompt is too long: {} tokens, the context holds {}", ids->size(),
                           context_);
  }
  system_ = std::move(text);
  return {};
}

StatusOr<ChatTurn> Conversation::ask(std::string text, uint32_t reserve) {
  CRIA_RETURN_IF_ERROR(checkTextLength(text, tokenizer_, context_).withContext("the message"));
  if (StatusOr<std::vector<int32_t>> ids = tokenizer_.encode(text); !ids.ok()) {
    return ids.status().withContext("the message"); // the template would change the offset in the message
  }
  const std::vector<ChatMessage> before = messages_;
  messages_.push_back({ChatRole::user, std::move(text)});
  uint32_t dropped = 0;
  StatusOr<ChatTurn> turn = render();
  while (turn.ok() && turn->ids.size() + reserve > context_ && messages_.size() > 2) {
    messages_.erase(messages_.begin(), messages_.begin() + 2);
    ++dropped;
    turn = render();
  }
  if (turn.ok() && turn->ids.size() >= context_) {
    turn = invalidArgument("the message is too long: {} tokens with the system prompt, the context holds {}",
                           turn->ids.size(), context_);
  }
  if (!turn.ok()) {
    messages_ = before;
    return turn;
  }
  turn->droppedPairs = dropped;
  return turn;
}

} // namespace cria
