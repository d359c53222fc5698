// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Template.h"

#include "plugins/chat/jinja/Interpreter.h"
#include "plugins/chat/jinja/Marks.h"
#include "plugins/chat/jinja/Parser.h"

#include <algorithm>
#include <array>

namespace cria::jinja {

using plugin::Message;
using plugin::Refusal;

static constexpr size_t kMaxSourceBytes = size_t{256} << 10; // ten times the largest template in use

[[noreturn]] static void refuse(const std::string &text) {
  throw Refusal(CRIA_STATUS_INVALID_ARGUMENT, text);
}

static Text textOrRefuse(std::string_view bytes, std::string_view what) {
  std::optional<Text> text = textFromUtf8(bytes);
  return text ? std::move(*text) : (refuse(std::string(what) + " is not UTF-8"), Text());
}

Template::Template(const Settings &settings)
    : bos_(textOrRefuse(settings.bos, "the option bos")), eos_(textOrRefuse(settings.eos, "the option eos")) {
  if (settings.source.size() > kMaxSourceBytes) {
    refuse("the template has " + std::to_string(settings.source.size()) + " bytes, expected at most " +
           std::to_string(kMaxSourceBytes));
  }
  source_ = normalizedSource(textOrRefuse(settings.source, "the template"));
  for (const auto &[name, value] : settings.names) {
    names_.emplace_back(name, textOrRefuse(value, "the option names"));
  }
  for (const std::string_view name : settings.specials) {
    std::optional<Text> text = textFromUtf8(name);
    if (text && !text->empty()) {
      specials_[text->front()].push_back(std::move(*text));
    }
  }
  for (auto &[first, names] : specials_) {
    std::ranges::stable_sort(names, std::ranges::greater(), &Text::size);
  }
  try {
    body_ = parseTemplate(source_, settings.lexer);
  } catch (const SyntaxFailure &failure) {
    refuse("template " + placeIn(source_, failure.at()) + ": " + failure.what());
  }
}

static Value messageValue(const Message &message, size_t index, bool isContinued, Budget &budget) {
  std::optional<Text> content = textFromUtf8(message.content, kFromMessage | (isContinued ? kContinued : 0));
  if (!content) {
    refuse("message " + std::to_string(index + 1) + " is not UTF-8");
  }
  return makeDict(budget, {{makeText(budget, "role"), makeText(budget, plugin::roleName(message.role))},
                           {makeText(budget, "content"), makeText(budget, std::move(*content))}});
}

std::vector<std::pair<std::string, Value>> Template::variables(std::span<const Message> messages,
                                                               uint32_t flags, Budget &budget) const {
  std::vector<Value> list;
  for (size_t i = 0; i < messages.size(); ++i) {
    list.push_back(messageValue(messages[i], i, plugin::isUnfinished(messages, i, flags), budget));
  }
  std::vector<std::pair<std::string, Value>> result = {
      {"messages", makeList(budget, std::move(list))},
      {"bos_token", makeText(budget, bos_)},
      {"eos_token", makeText(budget, eos_)},
      {"add_generation_prompt", Value((flags & CRIA_CHAT_ADD_GENERATION_PROMPT) != 0)},
      {"tools", Value()}, // defined, but none, as in transformers
      {"documents", Value()}};
  for (const auto &[name, text] : names_) {
    result.emplace_back(name, makeText(budget, text));
  }
  return result;
}

/// Cuts the text behind the last character of the message that is to be continued. Whitespace at the end of
/// the message stays unless the template strips it.
static void cutAtEndOfMessage(Text &text) {
  const auto isContinued = [](char32_t c) { return (c & kContinued) != 0; };
  const auto last = std::find_if(text.rbegin(), text.rend(), isContinued);
  if (last == text.rend()) {
    refuse("the template omits the last message, so it cannot be continued");
  }
  text.erase(last.base(), text.end());
}

static bool isBlank(std::string_view content) {
  const std::optional<Text> text = textFromUtf8(content);
  return text && stripText(*text, std::nullopt).empty();
}

std::vector<Segment> Template::render(std::span<const Message> messages, uint32_t flags) const {
  if ((flags & CRIA_CHAT_CONTINUE_LAST) != 0 && messages.size() > 1 && isBlank(messages.back().content)) {
    // An empty continuation is an answer that begins.
    return render(messages.first(messages.size() - 1), CRIA_CHAT_ADD_GENERATION_PROMPT);
  }
  Interpreter interpreter;
  try {
    Text text = interpreter.run(body_, variables(messages, flags, interpreter.budget()));
    if ((flags & CRIA_CHAT_CONTINUE_LAST) != 0) {
      cutAtEndOfMessage(text);
    }
    return split(text, interpreter.budget());
  } catch (const Raised &raised) {
    refuse(raised.what());
  } catch (const Failure &failure) {
    refuse("template " + placeIn(source_, interpreter.at()) + ": " + failure.what());
  }
}

std::optional<Segment> Template::endOfTurn() const {
  const Message messages[] = {{CRIA_ROLE_USER, "a"}, {CRIA_ROLE_ASSISTANT, "b"}};
  Interpreter interpreter;
  try {
    const Text text =
        interpreter.run(body_, variables(messages, CRIA_CHAT_CONTINUE_LAST, interpreter.budget()));
    const auto last =
        std::find_if(text.rbegin(), text.rend(), [](char32_t c) { return (c & kContinued) != 0; });
    const TextView tail =
        stripText(TextView(text).substr(static_cast<size_t>(last.base() - text.begin())), std::nullopt);
    if (last == text.rend() || tail.empty()) {
      return std::nullopt;
    }
    if (const Text *special = specialAt(tail, interpreter.budget())) {
      return Segment{true, toUtf8(*special)};
    }
    const TextView word =
        tail.substr(0, static_cast<size_t>(std::ranges::find_if(tail, isSpace) - tail.begin()));
    return isBracketed(word) ? std::optional(Segment{false, toUtf8(word)}) : std::nullopt;
  } catch (const Raised &) {
    return std::nullopt;
  } catch (const Failure &) {
    return std::nullopt; // render() reports it
  }
}

void Template::addPlainMarks(std::span<const Message> messages, std::vector<std::string> &marks) const {
  Interpreter interpreter;
  const auto specialSize = [&](TextView text) {
    const Text *special = specialAt(text, interpreter.budget());
    return special != nullptr ? special->size() : 0;
  };
  try {
    const Text text =
        interpreter.run(body_, variables(messages, CRIA_CHAT_ADD_GENERATION_PROMPT, interpreter.budget()));
    addBracketed(text, marks);
    std::erase_if(marks, [&](const std::string &word) {
      const std::optional<Text> name = textFromUtf8(word);
      return !name || specialSize(*name) > 0;
    });
    // Before the first question there may be a system prompt of the template's own.
    addLabels(text, messages.front().role == CRIA_ROLE_SYSTEM, specialSize, marks);
  } catch (const Raised &) {  // the template refuses the conversation
  } catch (const Failure &) { // render() reports it
  }
}

std::vector<std::string> Template::plainMarks() const {
  const Message question = {CRIA_ROLE_USER, "a"};
  std::vector<std::string> marks;
  addPlainMarks(std::array{question, Message{CRIA_ROLE_ASSISTANT, "b"}, question}, marks);
  addPlainMarks(std::array{Message{CRIA_ROLE_SYSTEM, "c"}, question}, marks);
  return marks;
}

/// The names of special tokens have no marks, so marked characters never match.
const Text *Template::specialAt(TextView text, Budget &budget) const {
  const auto names = specials_.find(text.front());
  if (names == specials_.end()) {
    return nullptr;
  }
  budget.step(1 + names->second.size() / 16);
  const auto found =
      std::ranges::find_if(names->second, [&](const Text &name) { return text.starts_with(name); });
  return found == names->second.end() ? nullptr : &*found;
}

std::vector<Segment> Template::split(TextView text, Budget &budget) const {
  std::vector<Segment> segments;
  size_t begin = 0;
  const auto endText = [&](size_t end) {
    if (end > begin) {
      segments.push_back({false, toUtf8(text.substr(begin, end - begin))});
    }
  };
  for (size_t at = 0; at < text.size();) {
    const Text *special = specialAt(text.substr(at), budget);
    if (special == nullptr) {
      ++at;
      continue;
    }
    endText(at);
    segments.push_back({true, toUtf8(*special)});
    begin = at += special->size();
  }
  endText(text.size());
  return segments;
}

} // namespace cria::jinja
