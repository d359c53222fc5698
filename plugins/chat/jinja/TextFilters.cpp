// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Filters.h"

namespace cria::jinja {

template <Text (*change)(TextView)>
static Value changed(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("the filter", {});
  return makeText(budget, change(toText(budget, subject)));
}

static Value trim(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("trim", {"chars"});
  const Text text = toText(budget, subject);
  const std::optional<TextView> characters = textOf(given[0], "trim");
  budget.characters(characters ? text.size() * characters->size() : 0);
  return makeText(budget, Text(stripText(text, characters)));
}

static Value replace(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("replace", {"old", "new", "count"});
  const Text text = toText(budget, subject);
  const TextView from = requiredText(given[0], "replace");
  const TextView to = requiredText(given[1], "replace");
  budget.characters(text.size() * (1 + to.size())); // it may stand for every character
  const bool isLimited = given[2] != nullptr && !given[2]->is<None>();
  return makeText(budget, replaceText(text, from, to, isLimited ? integerOf(given[2], -1, "replace") : -1));
}

static Value string(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("string", {});
  return makeText(budget, toText(budget, subject));
}

static Text indentWidth(const Value *width) {
  constexpr int64_t kUsual = 4;
  constexpr int64_t kWidest = 256;
  if (width != nullptr && width->text() != nullptr) {
    return *width->text();
  }
  return Text(static_cast<size_t>(std::clamp<int64_t>(integerOf(width, kUsual, "indent"), 0, kWidest)), U' ');
}

static Value indent(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("indent", {"width", "first", "blank"});
  const Text width = indentWidth(given[0]);
  const bool indentsFirst = given[1] != nullptr && given[1]->isTrue();
  const bool indentsBlank = given[2] != nullptr && given[2]->isTrue();
  const std::vector<Text> lines = splitText(requiredText(&subject, "indent"), TextView(U"\n"), -1);
  Text result;
  for (size_t i = 0; i < lines.size(); ++i) {
    budget.characters(width.size());
    const bool isIndented = i == 0 ? indentsFirst : indentsBlank || !lines[i].empty();
    result += (i == 0 ? U"" : U"\n") + (isIndented ? width : Text()) + lines[i];
  }
  return makeText(budget, std::move(result));
}

std::span<const Filter> textFilters() {
  static constexpr Filter kFilters[] = {
      {"capitalize", changed<capitalize>},
      {"indent", indent},
      {"lower", changed<toLower>},
      {"replace", replace},
      {"safe", string},
      {"string", string},
      {"title", changed<titleOfFilter>},
      {"trim", trim},
      {"upper", changed<toUpper>},
  };
  return kFilters;
}

} // namespace cria::jinja
