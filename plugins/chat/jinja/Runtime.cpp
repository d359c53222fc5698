// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Runtime.h"

#include <clocale>
#include <ctime>

namespace cria::jinja {

std::optional<Global> globalNamed(std::string_view name) {
  constexpr std::pair<std::string_view, Global> globals[] = {{"range", Global::range},
                                                             {"namespace", Global::makeNamespace},
                                                             {"dict", Global::makeDict},
                                                             {"raise_exception", Global::raiseException},
                                                             {"strftime_now", Global::strftimeNow}};
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

/// Returns what strftime writes. Errors: Failure for a long result.
static std::string formattedTime(const std::string &format, const std::tm &time) {
  constexpr size_t kMaxBytes = 4096;
  const std::string marked = format + "."; // so that a result is never empty, as that of an error is
  std::string written(kMaxBytes, '\0');
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  written.resize(strftime_l(written.data(), written.size(), marked.c_str(), &time, locale));
  if (written.empty()) {
    throw Failure("'strftime_now' expected a format of at most " + std::to_string(kMaxBytes - 2) + " bytes");
  }
  written.pop_back();
  return written;
}

Value currentTime(Budget &budget, const CallArguments &arguments) {
  const auto given = arguments.bind("strftime_now", {"format"});
  const TextView format = requiredText(given[0], "strftime_now");
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char32_t marks = 0; // a text that depends on a message is from a message
  for (const char32_t character : format) {
    marks |= marksOf(character);
  }
  std::optional<Text> text = textFromUtf8(formattedTime(toUtf8(format), local), marks);
  return makeText(budget, text ? std::move(*text) : throw Failure("'strftime_now' expected a date in UTF-8"));
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
