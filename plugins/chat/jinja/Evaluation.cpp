// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expressions.
#include "plugins/chat/jinja/Filters.h"
#include "plugins/chat/jinja/Interpreter.h"
#include "plugins/chat/jinja/Operators.h"
#include "plugins/chat/jinja/Tests.h"

namespace cria::jinja {

using Kind = Expression::Kind;

Value Interpreter::evaluate(const Expression &expression, const ScopePtr &scope) {
  const Budget::Level level(budget_);
  at_ = expression.at;
  switch (expression.kind) {
  case Kind::constant:
    return expression.constant;
  case Kind::name:
    return lookUp(expression.name, *scope);
  case Kind::list:
  case Kind::tuple:
    return makeList(budget_, evaluateAll(expression.children, scope), expression.kind == Kind::tuple);
  case Kind::dict:
    return evaluateDict(expression, scope);
  case Kind::call:
    return evaluateCall(expression, scope);
  case Kind::slice:
    return evaluateSlice(expression, scope);
  case Kind::compare:
    return evaluateComparison(expression, scope);
  case Kind::conditional:
    return evaluateConditional(expression, scope);
  case Kind::concatenate:
    return evaluateConcatenation(expression, scope);
  default:
    return evaluateOperation(expression, scope);
  }
}

// What begins with the value of children[0].
Value Interpreter::evaluateOperation(const Expression &expression, const ScopePtr &scope) {
  const Value first = evaluate(*expression.children[0], scope);
  const auto second = [&] { return evaluate(*expression.children[1], scope); };
  switch (expression.kind) {
  case Kind::attribute:
    return attributeOf(budget_, first, expression.name);
  case Kind::index:
    return itemOf(budget_, first, second());
  case Kind::filter:
    return applyFilter(budget_, expression.name, first, evaluateArguments(expression.arguments, scope));
  case Kind::test:
    return Value(applyTest(budget_, expression.name, first, evaluateArguments(expression.arguments, scope)));
  case Kind::negate:
    return negated(first);
  case Kind::plus:
    return negated(negated(first));
  case Kind::logicalNot:
    return Value(!first.isTrue());
  case Kind::logicalAnd:
    return first.isTrue() ? second() : first;
  case Kind::logicalOr:
    return first.isTrue() ? first : second();
  default: {
    const Value other = second();
    at_ = expression.at;
    return applyOperator(budget_, expression.name, first, other);
  }
  }
}

Value Interpreter::lookUp(const std::string &name, const Scope &scope) {
  for (const Scope *one = &scope; one != nullptr; one = one->outer.get()) {
    budget_.step();
    const auto found = one->variables.find(name);
    if (found != one->variables.end()) {
      return found->second;
    }
  }
  constexpr std::pair<std::string_view, Global> globals[] = {{"range", Global::range},
                                                             {"namespace", Global::makeNamespace},
                                                             {"dict", Global::makeDict},
                                                             {"raise_exception", Global::raiseException}};
  for (const auto &[known, function] : globals) {
    if (name == known) {
      return Value(function);
    }
  }
  if (name == "varargs" || name == "kwargs" || name == "caller") { // Jinja defines them within macros
    throw Failure("'" + name + "' is not supported here");
  }
  return Value::undefined("'" + name + "' is undefined");
}

std::vector<Value> Interpreter::evaluateAll(const std::vector<ExpressionPtr> &expressions,
                                            const ScopePtr &scope) {
  std::vector<Value> values;
  for (const ExpressionPtr &expression : expressions) {
    values.push_back(evaluate(*expression, scope));
  }
  return values;
}

Value Interpreter::evaluateDict(const Expression &expression, const ScopePtr &scope) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < expression.children.size(); i += 2) {
    const Value key = evaluate(*expression.children[i], scope);
    setKey(budget_, entries, key, evaluate(*expression.children[i + 1], scope));
  }
  return makeDict(budget_, std::move(entries));
}

Value Interpreter::evaluateSlice(const Expression &expression, const ScopePtr &scope) {
  const Value subject = evaluate(*expression.children[0], scope);
  std::optional<Value> bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    if (expression.children[i + 1] != nullptr) {
      bounds[i] = evaluate(*expression.children[i + 1], scope);
    }
  }
  const auto pointer = [](const std::optional<Value> &bound) { return bound ? &*bound : nullptr; };
  return sliceOf(budget_, subject, pointer(bounds[0]), pointer(bounds[1]), pointer(bounds[2]));
}

Value Interpreter::evaluateComparison(const Expression &expression, const ScopePtr &scope) {
  Value left = evaluate(*expression.children[0], scope);
  for (size_t i = 0; i < expression.names.size(); ++i) {
    Value right = evaluate(*expression.children[i + 1], scope);
    at_ = expression.at;
    if (!compareValues(budget_, expression.names[i], left, right)) {
      return Value(false);
    }
    left = std::move(right);
  }
  return Value(true);
}

Value Interpreter::evaluateConditional(const Expression &expression, const ScopePtr &scope) {
  if (evaluate(*expression.children[0], scope).isTrue()) {
    return evaluate(*expression.children[1], scope);
  }
  return expression.children[2] != nullptr
             ? evaluate(*expression.children[2], scope)
             : Value::undefined("the condition is false and there is no 'else'");
}

Value Interpreter::evaluateConcatenation(const Expression &expression, const ScopePtr &scope) {
  Text text;
  for (const ExpressionPtr &part : expression.children) {
    text += toText(budget_, evaluate(*part, scope));
  }
  return makeText(budget_, std::move(text));
}

} // namespace cria::jinja
