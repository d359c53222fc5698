// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Tests.h"

#include "plugins/chat/jinja/Operators.h"

#include <cmath>

namespace cria::jinja {

namespace {

struct PlainTest {
  std::string_view name;
  bool (*holds)(Budget &budget, const Value &value);
};

/// A comparison with one argument.
struct ComparingTest {
  std::string_view name;
  std::string_view symbol;
};

/// These two test the text that the value prints as.
bool isLowerCase(Budget &budget, const Value &value) {
  const Text text = toText(budget, value);
  return sameText(toLower(text), text) && !sameText(toUpper(text), text);
}

bool isUpperCase(Budget &budget, const Value &value) {
  const Text text = toText(budget, value);
  return sameText(toUpper(text), text) && !sameText(toLower(text), text);
}

bool isSequence(Budget &, const Value &value) {
  return value.text() != nullptr || value.list() != nullptr || value.dict() != nullptr ||
         value.is<Undefined>();
}

/// Whether `value` modulo `divisor` is `rest`, which is 0, or 1 with the divisor 2.
bool leaves(const Value &value, int64_t divisor, int64_t rest) {
  refuseUndefined(value);
  if (divisor == 0) {
    throw Failure("division by zero");
  }
  if (const std::optional<int64_t> whole = value.integer()) {
    const bool isDivided = divisor == -1 || *whole % divisor == 0; // INT64_MIN % -1 overflows
    return isDivided == (rest == 0);
  }
  const std::optional<double> real = value.number();
  const double modulo = real ? std::fmod(*real, static_cast<double>(divisor))
                             : throw Failure("expected a number, got " + std::string(value.typeName()));
  return (modulo < 0 ? modulo + static_cast<double>(divisor) : modulo) == static_cast<double>(rest);
}

constexpr PlainTest kPlainTests[] = {
    {"boolean", [](Budget &, const Value &v) { return v.is<bool>(); }},
    {"callable", [](Budget &, const Value &v) { return v.is<const Macro *>() || v.is<Global>(); }},
    {"defined", [](Budget &, const Value &v) { return !v.is<Undefined>(); }},
    {"even", [](Budget &, const Value &v) { return leaves(v, 2, 0); }},
    {"false", [](Budget &, const Value &v) { return v.is<bool>() && !v.get<bool>(); }},
    {"float", [](Budget &, const Value &v) { return v.is<double>(); }},
    {"integer", [](Budget &, const Value &v) { return v.is<int64_t>(); }},
    {"iterable", isSequence},
    {"lower", isLowerCase},
    {"mapping", [](Budget &, const Value &v) { return v.dict() != nullptr; }},
    {"none", [](Budget &, const Value &v) { return v.is<None>(); }},
    {"number", [](Budget &, const Value &v) { return v.number().has_value(); }},
    {"odd", [](Budget &, const Value &v) { return leaves(v, 2, 1); }},
    {"sequence", isSequence},
    {"string", [](Budget &, const Value &v) { return v.text() != nullptr; }},
    {"true", [](Budget &, const Value &v) { return v.is<bool>() && v.get<bool>(); }},
    {"undefined", [](Budget &, const Value &v) { return v.is<Undefined>(); }},
    {"upper", isUpperCase},
};

constexpr ComparingTest kComparingTests[] = {
    {"eq", "=="}, {"equalto", "=="}, {"ge", ">="}, {"greaterthan", ">"}, {"gt", ">"},  {"in", "in"},
    {"le", "<="}, {"lessthan", "<"}, {"lt", "<"},  {"ne", "!="},         {"==", "=="}, {"!=", "!="},
    {">", ">"},   {">=", ">="},      {"<", "<"},   {"<=", "<="},
};

} // namespace

static const Value &onlyArgument(std::string_view name, const CallArguments &arguments) {
  const auto given = arguments.bind(name, {"other"});
  return given[0] != nullptr ? *given[0]
                             : throw Failure("test '" + std::string(name) + "' expected an argument");
}

/// Values have no identity: sameas compares type and value.
static bool isSame(Budget &budget, const Value &a, const Value &b) {
  return a.typeName() == b.typeName() && equal(budget, a, b);
}

bool isTest(std::string_view name) {
  return name == "divisibleby" || name == "sameas" ||
         std::ranges::find(kPlainTests, name, &PlainTest::name) != std::end(kPlainTests) ||
         std::ranges::find(kComparingTests, name, &ComparingTest::name) != std::end(kComparingTests);
}

bool applyTest(Budget &budget, std::string_view name, const Value &subject, const CallArguments &arguments) {
  const auto *plainTest = std::ranges::find(kPlainTests, name, &PlainTest::name);
  if (plainTest != std::end(kPlainTests)) {
    arguments.bind(name, {});
    return plainTest->holds(budget, subject);
  }
  const auto *comparing = std::ranges::find(kComparingTests, name, &ComparingTest::name);
  if (comparing != std::end(kComparingTests)) {
    return compareValues(budget, comparing->symbol, subject, onlyArgument(name, arguments));
  }
  if (name == "divisibleby") {
    return leaves(subject, integerOf(&onlyArgument(name, arguments), 0, name), 0);
  }
  if (name == "sameas") {
    return isSame(budget, subject, onlyArgument(name, arguments));
  }
  throw Failure("no test named '" + std::string(name) + "'");
}

} // namespace cria::jinja
