// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

std::optional<Global> globalNamed(std::string_view name) {
  constexpr std::pair<std::string_view, Global> globals[] = {{"range", Global::range},
                                                             {"namespace", Global::makeNamespace},
                                                             {"dict", Global::makeDict},
                                                             {"raise_exception", Global::raiseException}};
  for (const auto &[known, function] : globals) {
    if (name == known) {
      return function;
    }
  }
  return std::nullopt;
}

Value loopVariable(Budget &budget, const std::vector<Value> &items, size_t index) {
  const size_t count = items.size();
  const auto name = [](std::string_view word) {
    return Value(std::make_shared<const Text>(textFromAscii(word)));
  };
  const auto neighbour = [&](bool exists, size_t at, const char *why) {
    return exists ? items[at] : Value::undefined(why);
  };
  std::vector<Entry> loop = {
      {name("index0"), Value::integer(index)},
      {name("index"), Value::integer(index + 1)},
      {name("revindex0"), Value::integer(count - index - 1)},
      {name("revindex"), Value::integer(count - index)},
      {name("first"), Value(index == 0)},
      {name("last"), Value(index + 1 == count)},
      {name("length"), Value::integer(count)},
      {name("depth"), Value(int64_t{1})}, // recursive loops are not supported
      {name("depth0"), Value(int64_t{0})},
      {name("previtem"), neighbour(index > 0, index - 1, "there is no previous item")},
      {name("nextitem"), neighbour(index + 1 < count, index + 1, "there is no next item")},
  };
  return makeDict(budget, std::move(loop), /*isLoop=*/true);
}

Value makeRange(Budget &budget, const CallArguments &arguments) {
  const auto given = arguments.bind("range", {"start", "stop", "step"});
  const bool hasStart = given[1] != nullptr;
  const int64_t start = hasStart ? integerOf(given[0], 0, "range") : 0;
  const int64_t stop = hasStart              ? integerOf(given[1], 0, "range")
                       : given[0] != nullptr ? integerOf(given[0], 0, "range")
                                             : throw Failure("'range' expected an int");
  const int64_t step = integerOf(given[2], 1, "range");
  if (step == 0) {
    throw Failure("'range' expected a step other than zero");
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
    throw Failure("expected at most one dict, and keyword arguments");
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
