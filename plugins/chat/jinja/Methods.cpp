// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Methods.h"

#include "plugins/chat/jinja/Operators.h"

namespace cria::jinja {

namespace {

/// A call of a method of str.
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
    throw Failure("empty separator");
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

/// startswith and endswith take a text or a tuple of texts.
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
  call.budget.characters(call.text.size() * (1 + to.size())); // the replacement can occur for every character
  return makeText(call.budget, replaceText(call.text, requiredText(given[0], call.name), to,
                                           integerOf(given[2], -1, call.name)));
}

template <bool fromRight, bool mustFind> Value find(const TextCall &call) {
  const auto given = call.arguments.bind(call.name, {"sub"});
  const TextView part = requiredText(given[0], call.name);
  call.budget.characters(call.text.size() + part.size());
  const size_t found = fromRight ? findLastText(call.text, part) : findText(call.text, part);
  if (found == TextView::npos && mustFind) {
    throw Failure("substring not found");
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

bool isLetterOrNotAscii(char32_t c) { // beyond ASCII every character that is not whitespace
  const char32_t p = plain(c);
  return (p >= U'a' && p <= U'z') || (p >= U'A' && p <= U'Z') || (p >= 0xAA && !isSpace(c));
}
bool isEither(char32_t c) { return isDigit(c) || isLetterOrNotAscii(c); }

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
    {"isalpha", all<isLetterOrNotAscii>},
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

static constexpr std::string_view kDictMethods[] = {"get", "items", "keys", "values"};
static constexpr std::string_view kChanging[] = {"append", "extend", "insert",  "pop",    "remove",
                                                 "clear",  "sort",   "reverse", "update", "setdefault"};

bool isDictMethod(std::string_view name) {
  return std::ranges::find(kDictMethods, name) != std::end(kDictMethods);
}

static Value callDictMethod(Budget &budget, const Dict &dict, std::string_view name,
                            const CallArguments &arguments) {
  if (name == "get") {
    const auto given = arguments.bind(name, {"key", "default"});
    const Value *found =
        given[0] != nullptr ? findKey(budget, dict, *given[0]) : throw Failure("'get' expected a key");
    return found != nullptr ? *found : given[1] != nullptr ? *given[1] : Value();
  }
  arguments.bind(name, {});
  if (name == "items") {
    return entriesOf(budget, dict);
  }
  std::vector<Value> items;
  for (const auto &[key, value] : dict.entries) {
    items.push_back(name == "keys" ? key : value);
  }
  return makeList(budget, std::move(items));
}

/// loop.cycle('a', 'b', ...).
static Value cycle(const Dict &loop, const CallArguments &arguments) {
  if (arguments.positional.empty() || !arguments.named.empty()) {
    throw Failure("'cycle' expected at least one value");
  }
  const auto index = static_cast<size_t>(findKey(loop, "index0")->integer().value_or(0));
  return arguments.positional[index % arguments.positional.size()];
}

static Value callListMethod(Budget &budget, const List &list, std::string_view name,
                            const CallArguments &arguments) {
  if (name != "count" && name != "index") {
    refuseMethod(list.isTuple ? "tuple" : "list", name);
  }
  const auto given = arguments.bind(name, {"value"});
  const Value &wanted =
      given[0] != nullptr ? *given[0] : throw Failure("'" + std::string(name) + "' expected a value");
  const auto matches = [&](const Value &item) { return equal(budget, item, wanted); };
  if (name == "count") {
    return Value(static_cast<int64_t>(std::ranges::count_if(list.items, matches)));
  }
  const auto found = std::ranges::find_if(list.items, matches);
  return found != list.items.end() ? Value(static_cast<int64_t>(found - list.items.begin()))
                                   : throw Failure("value not found");
}

Value callMethod(Budget &budget, const Value &subject, std::string_view name,
                 const CallArguments &arguments) {
  refuseUndefined(subject);
  const bool changes = std::ranges::find(kChanging, name) != std::end(kChanging);
  if (changes && (subject.list() != nullptr || subject.dict() != nullptr)) {
    throw Failure("access to '" + std::string(name) + "' is unsafe: templates cannot modify a " +
                  std::string(subject.typeName()));
  }
  if (const Text *text = subject.text()) {
    return callTextMethod(budget, *text, name, arguments);
  }
  if (const Dict *dict = subject.dict(); dict != nullptr && dict->isLoop && name == "cycle") {
    return cycle(*dict, arguments);
  }
  if (subject.dict() != nullptr && isDictMethod(name)) {
    return callDictMethod(budget, *subject.dict(), name, arguments);
  }
  if (subject.list() != nullptr) {
    return callListMethod(budget, *subject.list(), name, arguments);
  }
  refuseMethod(subject.typeName(), name);
}

} // namespace cria::jinja
