// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Operators.h"

#include <algorithm>
#include <cmath>

namespace cria::jinja {

[[noreturn]] static void refuseOperands(std::string_view symbol, const Value &a, const Value &b) {
  refuseUndefined(a);
  refuseUndefined(b);
  throw Failure("'" + std::string(symbol) + "' does not take a " + std::string(a.typeName()) + " and a " +
                std::string(b.typeName()));
}

static void refuseOverflow(bool overflows) {
  if (overflows) {
    throw Failure("a number is too large");
  }
}

static int64_t floorDivide(int64_t a, int64_t b) {
  refuseOverflow(b == -1 && a == INT64_MIN);
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// Three bases never overflow, so only they may have a large exponent.
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

// A text or list `count` times. Errors: Failure when the budget ends.
static Value repeated(Budget &budget, const Value &value, int64_t count) {
  const auto times = static_cast<uint64_t>(std::max<int64_t>(count, 0));
  const auto size = static_cast<uint64_t>(lengthOf(value));
  budget.step(size == 0 ? 0 : std::min<uint64_t>(times, Budget::kMaxSteps + 1)); // before anything is made
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
                : throw Failure("'-' does not take a " + std::string(value.typeName()));
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

} // namespace cria::jinja
