// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Operators.h"

#include <algorithm>
#include <cmath>

namespace cria::jinja {

[[noreturn]] static void refuseOperands(std::string_view symbol, const Value &a, const Value &b) {
  refuseUndefined(a);
  refuseUndefined(b);
  throw Failure("unsupported operand types for " + std::string(symbol) + ": '" + std::string(a.typeName()) +
                "' and '" + std::string(b.typeName()) + "'");
}

static void refuseOverflow(bool overflows) {
  if (overflows) {
    throw Failure("number out of range: integers have 64 bits");
  }
}

static int64_t floorDivide(int64_t a, int64_t b) {
  refuseOverflow(b == -1 && a == INT64_MIN);
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// The bases 0, 1 and -1 never overflow, so they are computed without a loop over the exponent.
static int64_t power(int64_t base, int64_t exponent) {
  if (exponent == 0 || base == 1) {
    return 1;
  }
  if (base == 0 || base == -1) {
    return base == -1 && exponent % 2 == 0 ? 1 : base;
  }
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    refuseOverflow(__builtin_mul_overflow(result, base, &result));
  }
  return result;
}

static Value onIntegers(std::string_view symbol, int64_t a, int64_t b) {
  int64_t result = 0;
  if (symbol == "+" || symbol == "-" || symbol == "*") {
    refuseOverflow(symbol == "+"   ? __builtin_add_overflow(a, b, &result)
                   : symbol == "-" ? __builtin_sub_overflow(a, b, &result)
                                   : __builtin_mul_overflow(a, b, &result));
    return Value(result);
  }
  if (symbol == "**") {
    return b >= 0 ? Value(power(a, b)) : Value(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  if (b == 0) {
    throw Failure("division by zero");
  }
  if (symbol == "/") {
    return Value(static_cast<double>(a) / static_cast<double>(b));
  }
  const int64_t quotient = floorDivide(a, b);
  const int64_t rest = b == -1 ? 0 : a % b;
  return Value(symbol == "//" ? quotient : rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

static Value onReals(std::string_view symbol, double a, double b) {
  if (symbol == "+") {
    return Value(a + b);
  }
  if (symbol == "-") {
    return Value(a - b);
  }
  if (symbol == "*") {
    return Value(a * b);
  }
  if (symbol == "**") {
    return Value(std::pow(a, b));
  }
  if (b == 0) {
    throw Failure("division by zero");
  }
  if (symbol == "/") {
    return Value(a / b);
  }
  const double remainder = std::fmod(a, b);
  const double modulo = remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
  return Value(symbol == "%" ? modulo : std::floor((a - modulo) / b + 0.5));
}

/// A text or list repeated `count` times. Errors: Failure when the budget is exhausted.
static Value repeated(Budget &budget, const Value &value, int64_t count) {
  const auto times = static_cast<uint64_t>(std::max<int64_t>(count, 0));
  const auto size = static_cast<uint64_t>(lengthOf(value));
  budget.step(size == 0 ? 0 : std::min<uint64_t>(times, Budget::kMaxSteps + 1)); // before memory is allocated
  if (value.text() != nullptr) {
    Text text;
    for (uint64_t i = 0; size > 0 && i < times; ++i) {
      budget.characters(size);
      text += *value.text();
    }
    return makeText(budget, std::move(text));
  }
  std::vector<Value> items;
  for (uint64_t i = 0; size > 0 && i < times; ++i) {
    budget.step(size);
    items.insert(items.end(), value.list()->items.begin(), value.list()->items.end());
  }
  return makeList(budget, std::move(items), value.list()->isTuple);
}

static Value joinLists(Budget &budget, const List &a, const List &b) {
  budget.step(a.items.size() + b.items.size());
  std::vector<Value> items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  return makeList(budget, std::move(items), a.isTuple);
}

Value applyOperator(Budget &budget, std::string_view symbol, const Value &a, const Value &b) {
  if (a.integer() && b.integer()) {
    return onIntegers(symbol, *a.integer(), *b.integer());
  }
  if (a.number() && b.number()) {
    return onReals(symbol, *a.number(), *b.number());
  }
  const auto isSequence = [](const Value &value) {
    return value.text() != nullptr || value.list() != nullptr;
  };
  if (symbol == "*" && isSequence(a) && b.integer()) {
    return repeated(budget, a, *b.integer());
  }
  if (symbol == "*" && isSequence(b) && a.integer()) {
    return repeated(budget, b, *a.integer());
  }
  if (symbol == "+" && a.text() != nullptr && b.text() != nullptr) {
    budget.characters(a.text()->size() + b.text()->size());
    return makeText(budget, *a.text() + *b.text());
  }
  if (symbol == "+" && a.list() != nullptr && b.list() != nullptr && a.list()->isTuple == b.list()->isTuple) {
    return joinLists(budget, *a.list(), *b.list());
  }
  refuseOperands(symbol, a, b);
}

Value negated(const Value &value) {
  refuseUndefined(value);
  if (value.is<double>()) {
    return Value(-value.get<double>());
  }
  const std::optional<int64_t> number = value.integer();
  return number ? onIntegers("-", 0, *number)
                : throw Failure("bad operand type for unary -: '" + std::string(value.typeName()) + "'");
}

static bool contains(Budget &budget, const Value &container, const Value &item) {
  if (const Text *text = container.text()) {
    if (item.text() == nullptr) {
      refuseOperands("in", item, container);
    }
    budget.characters(text->size() + item.text()->size());
    return findText(*text, *item.text()) != TextView::npos;
  }
  if (const Dict *dict = container.dict()) {
    return findKey(budget, *dict, item) != nullptr;
  }
  if (container.list() == nullptr && !container.is<Undefined>()) {
    refuseOperands("in", item, container);
  }
  const List *list = container.list();
  return list != nullptr &&
         std::ranges::any_of(list->items, [&](const Value &one) { return equal(budget, one, item); });
}

bool compareValues(Budget &budget, std::string_view symbol, const Value &a, const Value &b) {
  if (symbol == "==" || symbol == "!=") {
    return equal(budget, a, b) == (symbol == "==");
  }
  if (symbol == "in" || symbol == "not in") {
    return contains(budget, b, a) == (symbol == "in");
  }
  if (symbol == "<" || symbol == ">=") {
    return less(budget, a, b) == (symbol == "<");
  }
  return less(budget, b, a) == (symbol == ">");
}

int64_t lengthOf(const Value &value) {
  if (value.is<Undefined>()) {
    return 0;
  }
  const size_t length =
      value.text() != nullptr   ? value.text()->size()
      : value.list() != nullptr ? value.list()->items.size()
      : value.dict() != nullptr
          ? value.dict()->entries.size()
          : throw Failure("object of type '" + std::string(value.typeName()) + "' has no length");
  return static_cast<int64_t>(length);
}

constexpr size_t kMaxShownCharacters = 80; // characters of a key in an error message

static std::string keyName(Budget &budget, const Value &key) {
  return toUtf8(TextView(toRepr(budget, key)).substr(0, kMaxShownCharacters));
}

static Value missing(const Value &value, const std::string &name) {
  return Value::undefined("'" + std::string(value.typeName()) + "' object has no " + name);
}

Value attributeOf(Budget &budget, const Value &value, std::string_view name) {
  refuseUndefined(value);
  const Value *found = nullptr;
  if (value.is<Namespace *>()) {
    const auto &members = value.get<Namespace *>()->members;
    const auto member = members.find(name);
    found = member == members.end() ? nullptr : &member->second;
  } else if (value.dict() != nullptr) {
    budget.step(value.dict()->entries.size() / 8);
    budget.characters(name.size() * value.dict()->entries.size());
    found = findKey(*value.dict(), name);
  }
  const Text text = textFromUtf8(name).value_or(Text());
  const std::string shown = toUtf8(TextView(text).substr(0, kMaxShownCharacters));
  return found != nullptr
             ? *found
             : missing(value, "attribute '" + shown + (shown.size() < name.size() ? "..'" : "'"));
}

Value itemOf(Budget &budget, const Value &value, const Value &key) {
  refuseUndefined(value);
  if (value.is<Namespace *>() && key.text() != nullptr) {
    budget.characters(key.text()->size());
    return attributeOf(budget, value, toUtf8(*key.text()));
  }
  if (const Dict *dict = value.dict()) {
    const Value *found = findKey(budget, *dict, key);
    return found != nullptr ? *found : missing(value, "element " + keyName(budget, key));
  }
  const bool isSequence = value.list() != nullptr || value.text() != nullptr;
  const std::optional<int64_t> index = key.integer();
  if (!isSequence || !index) {
    return missing(value,
                   key.is<Undefined>() ? "element of an undefined key" : "element " + keyName(budget, key));
  }
  const int64_t length = lengthOf(value);
  const int64_t place = *index < 0 ? *index + length : *index;
  if (place < 0 || place >= length) {
    return missing(value, "element " + std::to_string(*index));
  }
  const auto at = static_cast<size_t>(place);
  return value.list() != nullptr ? value.list()->items[at] : makeText(budget, Text(1, (*value.text())[at]));
}

static std::optional<int64_t> boundOf(const Value *value) {
  if (value == nullptr || value->is<None>()) {
    return std::nullopt;
  }
  const std::optional<int64_t> number = value->integer();
  return number
             ? number
             : throw Failure("slice indices must be integers or none, got " + std::string(value->typeName()));
}

/// A bound, counted from the end if negative and clamped to [lowest, highest].
static int64_t place(std::optional<int64_t> bound, int64_t absent, int64_t length, int64_t lowest,
                     int64_t highest) {
  const int64_t counted = !bound ? absent : *bound < 0 ? *bound + length : *bound;
  return std::clamp(counted, lowest, highest);
}

Value sliceOf(Budget &budget, const Value &value, const Value *from, const Value *to, const Value *step) {
  refuseUndefined(value);
  if (value.list() == nullptr && value.text() == nullptr) {
    throw Failure("'" + std::string(value.typeName()) + "' object cannot be sliced");
  }
  const int64_t length = lengthOf(value);
  const int64_t stride = boundOf(step).value_or(1);
  if (stride == 0) {
    throw Failure("slice step cannot be zero");
  }
  const bool isForward = stride > 0;
  const int64_t lowest = isForward ? 0 : -1;
  const int64_t highest = isForward ? length : length - 1;
  const int64_t first = place(boundOf(from), isForward ? 0 : length - 1, length, lowest, highest);
  const int64_t last = place(boundOf(to), isForward ? length : -1, length, lowest, highest);
  std::vector<size_t> places;
  for (int64_t at = first; isForward ? at < last : at > last;) {
    places.push_back(static_cast<size_t>(at));
    if (__builtin_add_overflow(at, stride, &at)) {
      break;
    }
  }
  if (const Text *text = value.text()) {
    Text part;
    std::ranges::for_each(places, [&](size_t at) { part += (*text)[at]; });
    return makeText(budget, std::move(part));
  }
  std::vector<Value> items;
  std::ranges::for_each(places, [&](size_t at) { items.push_back(value.list()->items[at]); });
  return makeList(budget, std::move(items), value.list()->isTuple);
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
    constexpr size_t kMaxDigits = 18;
    const bool isIndex = isNumber(name) && name.size() <= kMaxDigits;
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

} // namespace cria::jinja
