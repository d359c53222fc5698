// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Methods of Python's str.
#include "plugins/chat/jinja/Methods.h"

namespace cria::jinja {

namespace {

/// A call of a method, for the functions below.
struct TextCall {
  Budget &budget;
  TextView text;
  std::string_view name;
  const CallArguments &arguments;
};

struct Method {
  std::string_view name;
  Value (*call)(const TextCall &call);
};

template <Text (*change)(TextView)> Value changed(const TextCall &call) {
  call.arguments.bind(call.name, {});
  return makeText(call.budget, change(call.text));
}

template <bool left, bool right> Value strip(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"chars"});
  const std::optional<TextView> characters = textOf(given[0], call.name);
  call.budget.characters(characters ? call.text.size() * characters->size() : 0);
  return makeText(call.budget, Text(stripText(call.text, characters, left, right)));
}

Value listOf(Budget &budget, std::vector<Text> parts) {
  std::vector<Value> items;
  for (Text &part : parts) {
    items.push_back(makeText(budget, std::move(part)));
  }
  return makeList(budget, std::move(items));
}

template <bool fromRight> Value split(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"sep", "maxsplit"});
  const std::optional<TextView> separator = textOf(given[0], call.name);
  if (separator && separator->empty()) {
    throw Failure("the separator is empty");
  }
  const int64_t limit = integerOf(given[1], -1, call.name);
  call.budget.characters(call.text.size());
  return listOf(call.budget, fromRight ? splitTextRight(call.text, separator, limit)
                                       : splitText(call.text, separator, limit));
}

Value splitlines(const TextCall &call) {
  call.arguments.bind(call.name, {});
  return listOf(call.budget, splitLines(call.text));
}

// startswith and endswith take one text, or a tuple of them.
template <bool (*matches)(TextView, TextView)> Value matchesAny(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"text"});
  const List *list = given[0] != nullptr ? given[0]->list() : nullptr;
  if (list == nullptr) {
    return Value(matches(call.text, requiredText(given[0], call.name)));
  }
  return Value(std::ranges::any_of(list->items, [&](const Value &item) {
    const TextView part = requiredText(&item, call.name);
    call.budget.characters(std::min(part.size(), call.text.size()));
    return matches(call.text, part);
  }));
}

Value replace(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"old", "new", "count"});
  const TextView to = requiredText(given[1], call.name);
  call.budget.characters(call.text.size() * (1 + to.size())); // it may stand for every character
  return makeText(call.budget, replaceText(call.text, requiredText(given[0], call.name), to,
                                           integerOf(given[2], -1, call.name)));
}

template <bool fromRight, bool mustFind> Value find(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"sub"});
  const TextView part = requiredText(given[0], call.name);
  call.budget.characters(call.text.size() + part.size());
  const size_t found = fromRight ? findLastText(call.text, part) : findText(call.text, part);
  if (found == TextView::npos && mustFind) {
    throw Failure("'" + std::string(call.name) + "' finds nothing");
  }
  return Value(found == TextView::npos ? int64_t{-1} : static_cast<int64_t>(found));
}

Value count(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"sub"});
  const TextView part = requiredText(given[0], call.name);
  call.budget.characters(call.text.size() + part.size());
  if (part.empty()) {
    return Value::integer(call.text.size() + 1);
  }
  int64_t found = 0;
  for (size_t at = findText(call.text, part); at != TextView::npos;
       at = findText(call.text, part, at + part.size())) {
    ++found;
  }
  return Value(found);
}

Value join(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"items"});
  Text result;
  bool isFirst = true;
  for (const Value &item : toItems(call.budget, given[0] != nullptr ? *given[0] : Value())) {
    const TextView part = requiredText(&item, call.name);
    call.budget.characters(call.text.size() + part.size());
    (result += isFirst ? TextView() : call.text) += part;
    isFirst = false;
  }
  return makeText(call.budget, std::move(result));
}

template <bool isSuffix> Value removeEnd(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"text"});
  const TextView end = requiredText(given[0], call.name);
  const bool matches = isSuffix ? endsWith(call.text, end) : startsWith(call.text, end);
  const size_t left = matches ? end.size() : 0;
  return makeText(call.budget,
                  Text(isSuffix ? call.text.substr(0, call.text.size() - left) : call.text.substr(left)));
}

bool isDigit(char32_t c) { return plain(c) >= U'0' && plain(c) <= U'9'; }
bool isLetter(char32_t c) { // beyond ASCII all but blanks are taken for letters
  const char32_t p = plain(c);
  return (p >= U'a' && p <= U'z') || (p >= U'A' && p <= U'Z') || (p >= 0xAA && !isSpace(c));
}
bool isEither(char32_t c) { return isDigit(c) || isLetter(c); }

template <bool (*holds)(char32_t)> Value all(const TextCall &call) {
  call.arguments.bind(call.name, {});
  return Value(!call.text.empty() && std::ranges::all_of(call.text, holds));
}

template <Text (*change)(TextView), Text (*other)(TextView)> Value isCase(const TextCall &call) {
  call.arguments.bind(call.name, {});
  return Value(sameText(change(call.text), call.text) && !sameText(other(call.text), call.text));
}

constexpr Method kMethods[] = {
    {"capitalize", changed<capitalize>},
    {"count", count},
    {"endswith", matchesAny<endsWith>},
    {"find", find<false, false>},
    {"index", find<false, true>},
    {"isalnum", all<isEither>},
    {"isalpha", all<isLetter>},
    {"isdigit", all<isDigit>},
    {"islower", isCase<toLower, toUpper>},
    {"isspace", all<isSpace>},
    {"isupper", isCase<toUpper, toLower>},
    {"join", join},
    {"lower", changed<toLower>},
    {"lstrip", strip<true, false>},
    {"removeprefix", removeEnd<false>},
    {"removesuffix", removeEnd<true>},
    {"replace", replace},
    {"rfind", find<true, false>},
    {"rindex", find<true, true>},
    {"rsplit", split<true>},
    {"rstrip", strip<false, true>},
    {"split", split<false>},
    {"splitlines", splitlines},
    {"startswith", matchesAny<startsWith>},
    {"strip", strip<true, true>},
    {"title", changed<titleOfWords>},
    {"upper", changed<toUpper>},
};

} // namespace

Value callTextMethod(Budget &budget, TextView text, std::string_view name, const CallArguments &arguments) {
  const auto *method = std::ranges::find(kMethods, name, &Method::name);
  if (method == std::end(kMethods)) {
    refuseMethod("str", name);
  }
  budget.characters(text.size());
  return method->call({budget, text, name, arguments});
}

} // namespace cria::jinja
