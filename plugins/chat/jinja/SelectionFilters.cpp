// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Filters that take each item for itself: map, select, reject, and these by an attribute.
#include "plugins/chat/jinja/Filters.h"
#include "plugins/chat/jinja/Operators.h"
#include "plugins/chat/jinja/Selection.h"
#include "plugins/chat/jinja/Tests.h"

namespace cria::jinja {

// The items of what is true: Jinja takes 0 or none for an empty sequence here.
static std::vector<Value> itemsOf(Budget &budget, const Value &subject) {
  return subject.isTrue() ? toItems(budget, subject) : std::vector<Value>();
}

static bool isNumber(TextView text) {
  return !text.empty() && std::ranges::all_of(text, [](char32_t c) { return c >= U'0' && c <= U'9'; });
}

Value attributePath(Budget &budget, const Value &item, const Value &path) {
  if (path.text() == nullptr) {
    return itemOf(budget, item, path);
  }
  budget.characters(path.text()->size());
  Value value = item;
  for (const Text &name : splitText(*path.text(), TextView(U"."), -1)) {
    constexpr size_t kMostDigits = 18;
    const bool isIndex = isNumber(name) && name.size() <= kMostDigits;
    value = isIndex ? itemOf(budget, value, Value(static_cast<int64_t>(std::stoll(toUtf8(name)))))
                    : attributeOf(budget, value, toUtf8(name));
  }
  return value;
}

Value entriesOf(Budget &budget, const Dict &dict) {
  std::vector<Value> entries;
  for (const auto &[key, value] : dict.entries) {
    entries.push_back(makeList(budget, {key, value}, true));
  }
  return makeList(budget, std::move(entries));
}

// The arguments behind the first `count`.
static CallArguments rest(const CallArguments &arguments, size_t count) {
  CallArguments result = arguments;
  result.positional.erase(result.positional.begin(),
                          result.positional.begin() + static_cast<ptrdiff_t>(count));
  return result;
}

static std::string nameAt(Budget &budget, const CallArguments &arguments, size_t place,
                          std::string_view callee) {
  const TextView name =
      requiredText(place < arguments.positional.size() ? &arguments.positional[place] : nullptr, callee);
  budget.characters(name.size());
  return toUtf8(name);
}

static Value mapAttribute(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("map", {"attribute", "default"});
  std::vector<Value> mapped;
  for (const Value &item : itemsOf(budget, subject)) {
    Value value = attributePath(budget, item, *given[0]);
    mapped.push_back(value.is<Undefined>() && given[1] != nullptr ? *given[1] : std::move(value));
  }
  return makeList(budget, std::move(mapped));
}

static Value map(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const bool isAttribute = std::ranges::any_of(
      arguments.named, [](const auto &argument) { return argument.first == "attribute"; });
  if (isAttribute && arguments.positional.empty()) {
    return mapAttribute(budget, subject, arguments);
  }
  const std::string filter = nameAt(budget, arguments, 0, "map");
  const CallArguments others = rest(arguments, 1);
  std::vector<Value> mapped;
  for (const Value &item : itemsOf(budget, subject)) {
    const Budget::Level level(budget); // map('map', ...) calls itself
    mapped.push_back(applyFilter(budget, filter, item, others));
  }
  return makeList(budget, std::move(mapped));
}

template <bool keeps, bool byAttribute>
static Value filterItems(Budget &budget, const Value &subject, const CallArguments &arguments) {
  constexpr size_t skipped = byAttribute ? 1 : 0;
  constexpr std::string_view name = "select or reject";
  if (byAttribute && arguments.positional.empty()) {
    throw Failure("'selectattr' and 'rejectattr' need the name of an attribute");
  }
  const bool hasTest = arguments.positional.size() > skipped;
  const std::string test = hasTest ? nameAt(budget, arguments, skipped, name) : "";
  const CallArguments others = rest(arguments, skipped + (hasTest ? 1 : 0));
  std::vector<Value> kept;
  for (const Value &item : itemsOf(budget, subject)) {
    const Value value = byAttribute ? attributePath(budget, item, arguments.positional[0]) : item;
    if ((hasTest ? applyTest(budget, test, value, others) : value.isTrue()) == keeps) {
      kept.push_back(item);
    }
  }
  return makeList(budget, std::move(kept));
}

std::span<const Filter> selectionFilters() {
  static constexpr Filter kFilters[] = {
      {"map", map},
      {"reject", filterItems<false, false>},
      {"rejectattr", filterItems<false, true>},
      {"select", filterItems<true, false>},
      {"selectattr", filterItems<true, true>},
  };
  return kFilters;
}

} // namespace cria::jinja
