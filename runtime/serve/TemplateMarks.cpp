// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/serve/TemplateMarks.h"

#include "format/TemplateMarks.h"
#include "runtime/text/Characters.h"

#include <algorithm>

namespace cria {

namespace {

constexpr const char *kContent = "\xC2\xA4"; // U+00A4, which is part of no mark

/// What a template writes around messages.
class Samples {
public:
  explicit Samples(const ChatTemplate &chat) {
    using enum ChatRole;
    for (const std::vector<ChatRole> &roles :
         std::initializer_list<std::vector<ChatRole>>{{user},
                                                      {system},
                                                      {system, user},
                                                      {user, assistant, user},
                                                      {system, user, assistant, user, assistant, user}}) {
      add(chat, roles, ChatGoal::answer);
      add(chat, roles, ChatGoal::record);
    }
  }

  bool writes(std::string_view name) const {
    return std::ranges::find(tokens_, name) != tokens_.end() || text_.find(name) != text_.npos;
  }

private:
  /// A template may refuse some conversations.
  void add(const ChatTemplate &chat, const std::vector<ChatRole> &roles, ChatGoal goal) {
    std::vector<ChatMessage> messages;
    for (const ChatRole role : roles) {
      messages.push_back({role, kContent});
    }
    if (const StatusOr<RenderedChat> rendered = chat.render(messages, goal); rendered.ok()) {
      for (const ChatSegment &segment : rendered->segments) {
        segment.kind == ChatSegment::Kind::text ? text_ += segment.text + "\n"
                                                : tokens_.emplace_back(segment.text);
      }
    }
  }

  std::string text_;
  std::vector<std::string> tokens_;
};

} // namespace

std::vector<std::string> marksOf(const ChatTemplate &chat, std::string_view source,
                                 const Tokenizer &tokenizer) {
  const std::vector<std::string_view> names = tokenizer.textTokens();
  if (names.empty()) {
    return {};
  }
  const Samples samples(chat);
  const TemplateMarks literals(source);
  std::vector<std::string> marks;
  for (const std::string_view name : names) {
    const bool isBlank = leadingSpace(name) == name.size();
    if (!isBlank && (literals.mentions(name) || samples.writes(name))) {
      marks.emplace_back(name);
    }
  }
  return marks;
}

} // namespace cria
