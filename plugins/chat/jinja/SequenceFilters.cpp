// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Filters over the items of sequences.
#include "plugins/chat/jinja/Filters.h"

#include "plugins/chat/jinja/Operators.h"
#include "plugins/chat/jinja/Tests.h"

namespace cria::jinja {

/// The items of a value that is true; as in Jinja, 0 and none are empty sequences here.
static std::vector<Value> itemsOf(Budget &budget, const Value &subject) {
  return subject.isTrue() ? toItems(budget, subject) : std::vector<Value>();
}

/// The arguments after the first `count`.
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
    if (value.is<Undefined>() && given[1] != nullptr) {
      value = *given[1];
    }
    mapped.push_back(std::move(value));
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
    const Budget::Level level(budget); // map('map', ...) is recursive
    mapped.push_back(applyFilter(budget, filter, item, others));
  }
  return makeList(budget, std::move(mapped));
}

template <bool keeps, bool byAttribute>
static Value filterItems(Budget &budget, const Value &subject, const CallArguments &arguments) {
  constexpr size_t skipped = byAttribute ? 1 : 0;
  constexpr std::string_view name =
      byAttribute ? (keeps ? "selectattr" : "rejectattr") : (keeps ? "select" : "reject");
  if (byAttribute && arguments.positional.empty()) {
    throw Failure("'" + std::string(name) + "' expected the name of an attribute");
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

static Value first(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("first", {});
  const std::vector<Value> items = toItems(budget, subject);
  return items.empty() ? Value::undefined("no first item, sequence was empty") : items.front();
}

static Value last(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("last", {});
  const std::vector<Value> items = toItems(budget, subject);
  return items.empty() ? Value::undefined("no last item, sequence was empty") : items.back();
}

static Value list(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("list", {});
  return makeList(budget, toItems(budget, subject));
}

static Value join(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("join", {"d", "attribute"});
  const Text separator = given[0] != nullptr ? toText(budget, *given[0]) : Text();
  Text result;
  bool isFirst = true;
  for (const Value &item : toItems(budget, subject)) {
    const Value part = given[1] != nullptr ? attributePath(budget, item, *given[1]) : item;
    budget.characters(separator.size());
    result += (isFirst ? Text() : separator) + toText(budget, part);
    isFirst = false;
  }
  return makeText(budget, std::move(result));
}

static Value reverse(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("reverse", {});
  if (const Text *text = subject.text()) {
    return makeText(budget, Text(text->rbegin(), text->rend()));
  }
  std::vector<Value> items = toItems(budget, subject);
  std::ranges::reverse(items);
  return makeList(budget, std::move(items));
}

static Value items(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("items", {});
  if (subject.dict() == nullptr && !subject.is<Undefined>()) {
    throw Failure("'items' expected a dict, got " + std::string(subject.typeName()));
  }
  return subject.is<Undefined>() ? makeList(budget, {}) : entriesOf(budget, *subject.dict());
}

/// The key by which items are ordered and compared: the item or an attribute of it, a text in lower case
/// unless `caseSensitive`.
static Value sortKey(Budget &budget, const Value &item, const Value *attribute, const Value *caseSensitive) {
  const Value key =
      attribute != nullptr && !attribute->is<None>() ? attributePath(budget, item, *attribute) : item;
  const bool foldsCase = caseSensitive == nullptr || !caseSensitive->isTrue();
  return key.text() != nullptr && foldsCase ? makeText(budget, toLower(*key.text())) : key;
}

static std::vector<std::pair<Value, Value>> withKeys(Budget &budget, const Value &subject,
                                                     const Value *attribute, const Value *caseSensitive) {
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value &item : toItems(budget, subject)) {
    keyed.emplace_back(sortKey(budget, item, attribute, caseSensitive), item);
  }
  return keyed;
}

static Value sort(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("sort", {"reverse", "case_sensitive", "attribute"});
  auto keyed = withKeys(budget, subject, given[2], given[1]);
  const bool descends = given[0] != nullptr && given[0]->isTrue();
  std::ranges::stable_sort(keyed, [&](const auto &a, const auto &b) {
    return descends ? less(budget, b.first, a.first) : less(budget, a.first, b.first);
  });
  std::vector<Value> sorted;
  for (auto &[key, item] : keyed) {
    sorted.push_back(std::move(item));
  }
  return makeList(budget, std::move(sorted));
}

static Value dictsort(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("dictsort", {});
  const CallArguments byKey{.positional = {}, .named = {{"attribute", Value(int64_t{0})}}};
  return sort(budget, items(budget, subject, {}), byKey);
}

template <bool wantsLeast>
static Value extreme(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind(wantsLeast ? "min" : "max", {"case_sensitive", "attribute"});
  const auto keyed = withKeys(budget, subject, given[1], given[0]);
  if (keyed.empty()) {
    return Value::undefined("no aggregated item, sequence was empty");
  }
  size_t best = 0;
  for (size_t i = 1; i < keyed.size(); ++i) {
    const Value &a = keyed[wantsLeast ? i : best].first;
    const Value &b = keyed[wantsLeast ? best : i].first;
    best = less(budget, a, b) ? i : best;
  }
  return keyed[best].second;
}

static Value unique(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("unique", {"case_sensitive", "attribute"});
  std::vector<Value> keys;
  std::vector<Value> kept;
  for (const auto &keyed : withKeys(budget, subject, given[1], given[0])) {
    if (std::ranges::none_of(keys, [&](const Value &known) { return equal(budget, known, keyed.first); })) {
      keys.push_back(keyed.first);
      kept.push_back(keyed.second);
    }
  }
  return makeList(budget, std::move(kept));
}

static Value sum(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("sum", {"attribute", "start"});
  Value total = given[1] != nullptr ? *given[1] : Value(int64_t{0});
  if (total.text() != nullptr) {
    throw Failure("'sum' expected numbers, got a str; use 'join' for texts");
  }
  const bool hasAttribute = given[0] != nullptr && !given[0]->is<None>();
  for (const Value &item : toItems(budget, subject)) {
    total = applyOperator(budget, "+", total, hasAttribute ? attributePath(budget, item, *given[0]) : item);
  }
  return total;
}

std::span<const Filter> sequenceFilters() {
  static constexpr Filter kFilters[] = {
      {"dictsort", dictsort},
      {"first", first},
      {"items", items},
      {"join", join},
      {"last", last},
      {"list", list},
      {"map", map},
      {"max", extreme<false>},
      {"min", extreme<true>},
      {"reject", filterItems<false, false>},
      {"rejectattr", filterItems<false, true>},
      {"reverse", reverse},
      {"select", filterItems<true, false>},
      {"selectattr", filterItems<true, true>},
      {"sort", sort},
      {"sum", sum},
      {"unique", unique},
  };
  return kFilters;
}

} // namespace cria::jinja
