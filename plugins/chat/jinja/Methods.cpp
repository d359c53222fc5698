// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Methods.h"

#include "plugins/chat/jinja/Selection.h"

namespace cria::jinja {

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
        given[0] != nullptr ? findKey(budget, dict, *given[0]) : throw Failure("'get' needs a key");
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

// loop.cycle('a', 'b', ...).
static Value cycle(const Dict &loop, const CallArguments &arguments) {
  if (arguments.positional.empty() || !arguments.named.empty()) {
    throw Failure("'cycle' takes one value or more");
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
      given[0] != nullptr ? *given[0] : throw Failure("'" + std::string(name) + "' needs a value");
  const auto matches = [&](const Value &item) { return equal(budget, item, wanted); };
  if (name == "count") {
    return Value(static_cast<int64_t>(std::ranges::count_if(list.items, matches)));
  }
  const auto found = std::ranges::find_if(list.items, matches);
  return found != list.items.end() ? Value(static_cast<int64_t>(found - list.items.begin()))
                                   : throw Failure("'index' finds nothing");
}

Value callMethod(Budget &budget, const Value &subject, std::string_view name,
                 const CallArguments &arguments) {
  refuseUndefined(subject);
  const bool changes = std::ranges::find(kChanging, name) != std::end(kChanging);
  if (changes && (subject.list() != nullptr || subject.dict() != nullptr)) {
    throw Failure("'" + std::string(name) + "' would change a " + std::string(subject.typeName()) +
                  ", which a template may not");
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

Value makeRange(Budget &budget, const CallArguments &arguments) {
  const auto given = arguments.bind("range", {"start", "stop", "step"});
  const bool hasStart = given[1] != nullptr;
  const int64_t start = hasStart ? integerOf(given[0], 0, "range") : 0;
  const int64_t stop = hasStart              ? integerOf(given[1], 0, "range")
                       : given[0] != nullptr ? integerOf(given[0], 0, "range")
                                             : throw Failure("'range' needs an int");
  const int64_t step = integerOf(given[2], 1, "range");
  if (step == 0) {
    throw Failure("the step of a range is zero");
  }
  std::vector<Value> items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    budget.step();
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) {
      break;
    }
  }
  return makeList(budget, std::move(items));
}

std::vector<Entry> makeMembers(Budget &budget, const CallArguments &arguments) {
  std::vector<Entry> members;
  if (arguments.positional.size() > 1 ||
      (arguments.positional.size() == 1 && arguments.positional[0].dict() == nullptr)) {
    throw Failure("expected a dict, and values with names");
  }
  if (!arguments.positional.empty()) {
    budget.step(arguments.positional[0].dict()->entries.size());
    members = arguments.positional[0].dict()->entries;
  }
  for (const auto &[name, value] : arguments.named) {
    setKey(budget, members, makeText(budget, *textFromUtf8(name)), value);
  }
  return members;
}

} // namespace cria::jinja
