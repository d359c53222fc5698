// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace cria::jinja {

static constexpr uint32_t kMaxNesting = 64; // levels of lists and dicts

std::optional<int64_t> Value::integer() const {
  if (const auto *flag = std::get_if<bool>(&data_)) {
    return *flag ? 1 : 0;
  }
  const auto *value = std::get_if<int64_t>(&data_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> Value::number() const {
  if (const auto *real = std::get_if<double>(&data_)) {
    return *real;
  }
  const std::optional<int64_t> whole = integer();
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

bool Value::isTrue() const {
  if (is<Undefined>() || is<None>()) {
    return false;
  }
  if (const std::optional<double> value = number()) {
    return *value != 0;
  }
  return !((text() != nullptr && text()->empty()) || (list() != nullptr && list()->items.empty()) ||
           (dict() != nullptr && dict()->entries.empty()));
}

std::string_view Value::typeName() const {
  constexpr std::string_view names[] = {"undefined", "None", "bool",      "int",   "float",   "str",
                                        "list",      "dict", "namespace", "macro", "function"};
  return list() != nullptr && list()->isTuple ? "tuple" : names[data_.index()];
}

void refuseUndefined(const Value &value) {
  if (value.is<Undefined>()) {
    throw Failure(*value.get<Undefined>().why);
  }
}

static uint32_t depthOf(const Value &value) {
  return value.list() != nullptr ? value.list()->depth : value.dict() != nullptr ? value.dict()->depth : 0;
}

static uint32_t deeper(uint32_t depth, const Value &item) {
  depth = std::max(depth, depthOf(item) + 1);
  if (depth > kMaxNesting) {
    throw Failure("lists and dicts are nested more than " + std::to_string(kMaxNesting) + " levels deep");
  }
  return depth;
}

Value makeText(Budget &budget, Text text) {
  budget.characters(text.size());
  return Value(std::make_shared<const Text>(std::move(text)));
}

Value makeText(Budget &budget, std::string_view ascii) { return makeText(budget, textFromAscii(ascii)); }

Value makeList(Budget &budget, std::vector<Value> items, bool isTuple) {
  budget.step(1 + items.size());
  List list{std::move(items), isTuple};
  for (const Value &item : list.items) {
    list.depth = deeper(list.depth, item);
  }
  return Value(std::make_shared<const List>(std::move(list)));
}

Value makeDict(Budget &budget, std::vector<Entry> entries, bool isLoop) {
  budget.step(1 + entries.size());
  Dict dict{std::move(entries)};
  dict.isLoop = isLoop;
  for (const auto &[key, value] : dict.entries) {
    dict.depth = deeper(deeper(dict.depth, key), value);
  }
  return Value(std::make_shared<const Dict>(std::move(dict)));
}

const Value *findKey(Budget &budget, const Dict &dict, const Value &key) {
  for (const auto &[known, value] : dict.entries) {
    if (equal(budget, known, key)) {
      return &value;
    }
  }
  return nullptr;
}

const Value *findKey(const Dict &dict, std::string_view name) {
  const Text key = textFromUtf8(name).value_or(Text());
  const auto found = std::ranges::find_if(dict.entries, [&](const Entry &entry) {
    return entry.first.text() != nullptr && sameText(*entry.first.text(), key);
  });
  return found == dict.entries.end() ? nullptr : &found->second;
}

static bool isHashable(const Value &key) {
  return key.dict() == nullptr &&
         (key.list() == nullptr ||
          (key.list()->isTuple && std::ranges::all_of(key.list()->items, isHashable)));
}

void setKey(Budget &budget, std::vector<Entry> &entries, const Value &key, Value value) {
  refuseUndefined(key);
  if (!isHashable(key)) {
    throw Failure("unhashable type '" + std::string(key.typeName()) + "', which cannot be a key of a dict");
  }
  for (auto &[known, old] : entries) {
    if (equal(budget, known, key)) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(key, std::move(value));
}

static bool equalLists(Budget &budget, const List &a, const List &b) {
  return a.isTuple == b.isTuple && std::ranges::equal(a.items, b.items, [&](const Value &x, const Value &y) {
           return equal(budget, x, y);
         });
}

static bool equalDicts(Budget &budget, const Dict &a, const Dict &b) {
  return a.entries.size() == b.entries.size() && std::ranges::all_of(a.entries, [&](const Entry &entry) {
           const Value *other = findKey(budget, b, entry.first);
           return other != nullptr && equal(budget, entry.second, *other);
         });
}

bool equal(Budget &budget, const Value &a, const Value &b) {
  budget.step();
  if (a.integer() && b.integer()) {
    return *a.integer() == *b.integer();
  }
  if (a.number() && b.number()) {
    return *a.number() == *b.number();
  }
  if (a.text() != nullptr && b.text() != nullptr) {
    budget.characters(std::min(a.text()->size(), b.text()->size()));
    return sameText(*a.text(), *b.text());
  }
  if (a.list() != nullptr && b.list() != nullptr) {
    return equalLists(budget, *a.list(), *b.list());
  }
  if (a.dict() != nullptr && b.dict() != nullptr) {
    return equalDicts(budget, *a.dict(), *b.dict());
  }
  const auto same = [&]<typename T>(const T *) { return a.is<T>() && b.is<T>() && a.get<T>() == b.get<T>(); };
  return (a.is<None>() && b.is<None>()) || (a.is<Undefined>() && b.is<Undefined>()) ||
         same(static_cast<Namespace *const *>(nullptr)) || same(static_cast<const Macro *const *>(nullptr)) ||
         same(static_cast<const Global *>(nullptr));
}

static bool lessLists(Budget &budget, const List &a, const List &b) {
  for (size_t i = 0; i < a.items.size() && i < b.items.size(); ++i) {
    if (!equal(budget, a.items[i], b.items[i])) {
      return less(budget, a.items[i], b.items[i]);
    }
  }
  return a.items.size() < b.items.size();
}

bool less(Budget &budget, const Value &a, const Value &b) {
  budget.step();
  refuseUndefined(a);
  refuseUndefined(b);
  if (a.integer() && b.integer()) {
    return *a.integer() < *b.integer();
  }
  if (a.number() && b.number()) {
    return *a.number() < *b.number();
  }
  if (a.text() != nullptr && b.text() != nullptr) {
    budget.characters(std::min(a.text()->size(), b.text()->size()));
    return compareText(*a.text(), *b.text()) < 0;
  }
  if (a.list() != nullptr && b.list() != nullptr && a.list()->isTuple == b.list()->isTuple) {
    return lessLists(budget, *a.list(), *b.list());
  }
  throw Failure("'<' not supported between '" + std::string(a.typeName()) + "' and '" +
                std::string(b.typeName()) + "'");
}

std::vector<Value> toItems(Budget &budget, const Value &value) {
  std::vector<Value> items;
  if (const Text *text = value.text()) {
    for (const char32_t character : *text) {
      items.push_back(makeText(budget, Text(1, character)));
    }
  } else if (const Dict *dict = value.dict()) {
    for (const Entry &entry : dict->entries) {
      items.push_back(entry.first);
    }
  } else if (const List *list = value.list()) {
    items = list->items;
  } else if (!value.is<Undefined>()) {
    throw Failure("'" + std::string(value.typeName()) + "' object is not iterable");
  }
  budget.step(items.size());
  return items;
}

/// Python writes an exponent, of at least two digits, outside [1e-4, 1e16).
static std::string layOut(std::string digits, int exponent) {
  constexpr int kLowestPlain = -4;
  constexpr int kHighestPlain = 16;
  const auto size = static_cast<int>(digits.size());
  if (exponent < kLowestPlain || exponent >= kHighestPlain) {
    const std::string shown = std::to_string(std::abs(exponent));
    const std::string mantissa = size > 1 ? digits.substr(0, 1) + "." + digits.substr(1) : digits;
    return mantissa + (exponent < 0 ? "e-" : "e+") + (shown.size() < 2 ? "0" : "") + shown;
  }
  if (exponent < 0) {
    return "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  }
  if (size <= exponent + 1) {
    return digits + std::string(static_cast<size_t>(exponent + 1 - size), '0') + ".0";
  }
  return digits.insert(static_cast<size_t>(exponent) + 1, ".");
}

std::string realToText(double value) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value), std::chars_format::scientific);
  const std::string shortest(buffer, end.ptr); // d.ddde+xx
  const size_t mark = shortest.find('e');
  std::string digits = shortest.substr(0, 1) + (mark > 2 ? shortest.substr(2, mark - 2) : "");
  return (std::signbit(value) ? "-" : "") + layOut(std::move(digits), std::stoi(shortest.substr(mark + 1)));
}

static Text listToText(Budget &budget, const List &list) {
  Text text = list.isTuple ? U"(" : U"[";
  for (size_t i = 0; i < list.items.size(); ++i) {
    text += (i == 0 ? U"" : U", ") + toRepr(budget, list.items[i]);
  }
  const bool isSingle = list.isTuple && list.items.size() == 1;
  return text += isSingle ? U",)" : list.isTuple ? U")" : U"]";
}

static Text dictToText(Budget &budget, const Dict &dict) {
  Text text = U"{";
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    const auto &[key, value] = dict.entries[i];
    text += (i == 0 ? U"" : U", ") + toRepr(budget, key) + U": " + toRepr(budget, value);
  }
  return text += U"}";
}

static Text scalarToText(const Value &value) {
  if (value.is<Undefined>()) {
    return U"Undefined";
  }
  if (value.is<None>()) {
    return U"None";
  }
  if (value.is<bool>()) {
    return value.get<bool>() ? U"True" : U"False";
  }
  if (value.is<int64_t>()) {
    return textFromAscii(std::to_string(value.get<int64_t>()));
  }
  if (value.is<double>()) {
    return textFromAscii(realToText(value.get<double>()));
  }
  throw Failure("'" + std::string(value.typeName()) + "' object cannot be printed");
}

Text toText(Budget &budget, const Value &value) {
  if (value.text() != nullptr) {
    budget.characters(value.text()->size());
    return *value.text();
  }
  return value.is<Undefined>() ? Text() : toRepr(budget, value); // an undefined value prints nothing
}

Text toRepr(Budget &budget, const Value &value) {
  budget.step();
  if (value.dict() != nullptr && value.dict()->isLoop) {
    throw Failure("the variable 'loop' cannot be printed");
  }
  Text text = value.text() != nullptr   ? quoted(*value.text())
              : value.list() != nullptr ? listToText(budget, *value.list())
              : value.dict() != nullptr ? dictToText(budget, *value.dict())
                                        : scalarToText(value);
  budget.characters(text.size());
  return text;
}

} // namespace cria::jinja
