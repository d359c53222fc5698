// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Interpreter.h"

#include "plugins/chat/jinja/Filters.h"
#include "plugins/chat/jinja/Methods.h"
#include "plugins/chat/jinja/Operators.h"
#include "plugins/chat/jinja/Tests.h"

namespace cria::jinja {

Text Interpreter::run(const Body &body, std::vector<std::pair<std::string, Value>> variables) {
  const auto scope = std::make_shared<Scope>();
  for (auto &[name, value] : variables) {
    scope->variables.insert_or_assign(std::move(name), std::move(value));
  }
  Text out;
  out_ = &out;
  runBody(body, scope);
  return out;
}

void Interpreter::write(const Text &text) {
  budget_.characters(text.size());
  *out_ += text;
}

Interpreter::Flow Interpreter::runBody(const Body &body, const ScopePtr &scope) {
  for (const Statement &statement : body) {
    if (const Flow flow = runStatement(statement, scope); flow != Flow::next) {
      return flow;
    }
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::runStatement(const Statement &statement, const ScopePtr &scope) {
  const Budget::Level level(budget_);
  at_ = statement.at;
  switch (statement.kind) {
  case Statement::Kind::text:
    write(*statement.text.text());
    return Flow::next;
  case Statement::Kind::print:
    write(toText(budget_, evaluate(*statement.value, scope)));
    return Flow::next;
  case Statement::Kind::choose:
    return runChoice(statement, scope);
  case Statement::Kind::loop:
    return runLoop(statement, scope);
  case Statement::Kind::set:
    assign(statement.target, evaluate(*statement.value, scope), *scope);
    return Flow::next;
  case Statement::Kind::setBlock:
    assign(statement.target, capture(statement, scope), *scope);
    return Flow::next;
  case Statement::Kind::macro:
    budget_.step(16); // it lives until the rendering ends
    macros_.push_back({&statement, scope});
    scope->variables.insert_or_assign(statement.name, Value(static_cast<const Macro *>(&macros_.back())));
    return Flow::next;
  case Statement::Kind::filterBlock:
    write(toText(budget_, capture(statement, scope)));
    return Flow::next;
  case Statement::Kind::with:
    return runWith(statement, scope);
  case Statement::Kind::transparent:
    return runBody(statement.body, inner(scope));
  case Statement::Kind::breakLoop:
    return Flow::breakLoop;
  case Statement::Kind::continueLoop:
    return Flow::continueLoop;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::runChoice(const Statement &statement, const ScopePtr &scope) {
  for (const Branch &branch : statement.branches) {
    if (branch.condition == nullptr || evaluate(*branch.condition, scope).isTrue()) {
      return runBody(branch.body, scope);
    }
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::runWith(const Statement &statement, const ScopePtr &scope) {
  const ScopePtr own = inner(scope);
  for (const auto &[name, value] : statement.parameters) {
    own->variables.insert_or_assign(name, evaluate(*value, scope));
  }
  return runBody(statement.body, own);
}

Value Interpreter::capture(const Statement &statement, const ScopePtr &scope) {
  Text text;
  Text *const outer = std::exchange(out_, &text);
  const ScopePtr own = inner(scope);
  runBody(statement.body, own);
  out_ = outer;
  Value captured = makeText(budget_, std::move(text));
  if (statement.value == nullptr) {
    return captured;
  }
  own->variables.insert_or_assign(std::string(kCaptured), std::move(captured));
  return evaluate(*statement.value, own);
}

std::vector<Value> Interpreter::loopItems(const Statement &statement, const ScopePtr &scope) {
  std::vector<Value> items = toItems(budget_, evaluate(*statement.value, scope));
  if (statement.condition == nullptr) {
    return items;
  }
  std::vector<Value> kept;
  for (Value &item : items) {
    const ScopePtr own = inner(scope);
    assign(statement.target, item, *own);
    if (evaluate(*statement.condition, own).isTrue()) {
      kept.push_back(std::move(item));
    }
  }
  return kept;
}

/// As in Jinja, the else body runs unless an iteration reached the end of the body: also when each ended in
/// break or continue.
Interpreter::Flow Interpreter::runLoop(const Statement &statement, const ScopePtr &scope) {
  const std::vector<Value> items = loopItems(statement, scope);
  bool isComplete = false;
  for (size_t i = 0; i < items.size(); ++i) {
    budget_.step();
    const ScopePtr own = inner(scope);
    own->variables.insert_or_assign("loop", loopVariable(budget_, items, i));
    at_ = statement.at;
    assign(statement.target, items[i], *own);
    const Flow flow = runBody(statement.body, own);
    isComplete = isComplete || flow == Flow::next;
    if (flow == Flow::breakLoop) {
      break;
    }
  }
  return isComplete ? Flow::next : runBody(statement.otherwise, inner(scope));
}

void Interpreter::assign(const Target &target, const Value &value, Scope &scope) {
  if (!target.attribute.empty()) {
    assignAttribute(target, value, scope);
  } else if (target.parts.empty()) {
    scope.variables.insert_or_assign(target.name, value);
  } else {
    const std::vector<Value> items = toItems(budget_, value);
    if (items.size() != target.parts.size()) {
      throw Failure("expected " + std::to_string(target.parts.size()) + " values to unpack, got " +
                    std::to_string(items.size()));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      assign(target.parts[i], items[i], scope);
    }
  }
}

void Interpreter::assignAttribute(const Target &target, const Value &value, Scope &scope) {
  const Value holder = lookUp(target.name, scope);
  if (!holder.is<Namespace *>() || target.attribute.starts_with('_')) {
    throw Failure("cannot assign to '" + target.name + "." + target.attribute +
                  "': expected a namespace and an attribute that does not begin with '_'");
  }
  holder.get<Namespace *>()->members.insert_or_assign(target.attribute, value);
}

Value Interpreter::evaluate(const Expression &expression, const ScopePtr &scope) {
  const Budget::Level level(budget_);
  at_ = expression.at;
  switch (expression.kind) {
  case Expression::Kind::constant:
    return expression.constant;
  case Expression::Kind::name:
    return lookUp(expression.name, *scope);
  case Expression::Kind::list:
  case Expression::Kind::tuple:
    return makeList(budget_, evaluateAll(expression.children, scope),
                    expression.kind == Expression::Kind::tuple);
  case Expression::Kind::dict:
    return evaluateDict(expression, scope);
  case Expression::Kind::call:
    return evaluateCall(expression, scope);
  case Expression::Kind::slice:
    return evaluateSlice(expression, scope);
  case Expression::Kind::compare:
    return evaluateComparison(expression, scope);
  case Expression::Kind::conditional:
    return evaluateConditional(expression, scope);
  case Expression::Kind::concatenate:
    return evaluateConcatenation(expression, scope);
  case Expression::Kind::attribute:
  case Expression::Kind::index:
  case Expression::Kind::filter:
  case Expression::Kind::test:
  case Expression::Kind::negate:
  case Expression::Kind::plus:
  case Expression::Kind::logicalNot:
  case Expression::Kind::logicalAnd:
  case Expression::Kind::logicalOr:
  case Expression::Kind::binary:
    return evaluateOperation(expression, scope);
  }
  __builtin_unreachable(); // not an enumerator
}

/// Expressions that first evaluate children[0].
Value Interpreter::evaluateOperation(const Expression &expression, const ScopePtr &scope) {
  const Value first = evaluate(*expression.children[0], scope);
  const auto second = [&] { return evaluate(*expression.children[1], scope); };
  switch (expression.kind) {
  case Expression::Kind::attribute:
    return attributeOf(budget_, first, expression.name);
  case Expression::Kind::index:
    return itemOf(budget_, first, second());
  case Expression::Kind::filter:
    return applyFilter(budget_, expression.name, first, evaluateArguments(expression.arguments, scope));
  case Expression::Kind::test:
    return Value(applyTest(budget_, expression.name, first, evaluateArguments(expression.arguments, scope)));
  case Expression::Kind::negate:
    return negated(first);
  case Expression::Kind::plus:
    return negated(negated(first));
  case Expression::Kind::logicalNot:
    return Value(!first.isTrue());
  case Expression::Kind::logicalAnd:
    return first.isTrue() ? second() : first;
  case Expression::Kind::logicalOr:
    return first.isTrue() ? first : second();
  case Expression::Kind::binary: {
    const Value other = second();
    at_ = expression.at;
    return applyOperator(budget_, expression.name, first, other);
  }
  case Expression::Kind::constant:
  case Expression::Kind::name:
  case Expression::Kind::list:
  case Expression::Kind::tuple:
  case Expression::Kind::dict:
  case Expression::Kind::slice:
  case Expression::Kind::call:
  case Expression::Kind::concatenate:
  case Expression::Kind::compare:
  case Expression::Kind::conditional:
    break; // evaluate() handles these
  }
  __builtin_unreachable();
}

Value Interpreter::lookUp(const std::string &name, const Scope &scope) {
  for (const Scope *one = &scope; one != nullptr; one = one->outer.get()) {
    budget_.step();
    const auto found = one->variables.find(name);
    if (found != one->variables.end()) {
      return found->second;
    }
  }
  if (const std::optional<Global> function = globalNamed(name)) {
    return Value(*function);
  }
  if (name == "varargs" || name == "kwargs" || name == "caller") { // Jinja defines them in macros
    throw Failure("'" + name + "' is not supported");
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
             : Value::undefined("the inline if-expression is false and has no else section");
}

Value Interpreter::evaluateConcatenation(const Expression &expression, const ScopePtr &scope) {
  Text text;
  for (const ExpressionPtr &part : expression.children) {
    text += toText(budget_, evaluate(*part, scope));
  }
  return makeText(budget_, std::move(text));
}

static constexpr size_t kMaxNamespaces = 10'000; // they live until the rendering ends

CallArguments Interpreter::evaluateArguments(const Arguments &arguments, const ScopePtr &scope) {
  CallArguments values{.positional = evaluateAll(arguments.positional, scope), .named = {}};
  for (const auto &[name, value] : arguments.named) {
    values.named.emplace_back(name, evaluate(*value, scope));
  }
  return values;
}

Value Interpreter::evaluateCall(const Expression &expression, const ScopePtr &scope) {
  const Expression &callee = *expression.children[0];
  Value function;
  if (callee.kind == Expression::Kind::attribute) {
    const Value subject = evaluate(*callee.children[0], scope);
    const CallArguments arguments = evaluateArguments(expression.arguments, scope);
    at_ = callee.at;
    if (!subject.is<Namespace *>()) {
      return callMethod(budget_, subject, callee.name, arguments);
    }
    function = attributeOf(budget_, subject, callee.name);
  } else {
    function = evaluate(callee, scope);
  }
  refuseUndefined(function);
  const CallArguments arguments = evaluateArguments(expression.arguments, scope);
  at_ = expression.at;
  if (function.is<Global>()) {
    return callGlobal(function.get<Global>(), arguments);
  }
  return function.is<const Macro *>()
             ? callMacro(*function.get<const Macro *>(), arguments)
             : throw Failure("'" + std::string(function.typeName()) + "' object is not callable");
}

Value Interpreter::callGlobal(Global function, const CallArguments &arguments) {
  switch (function) {
  case Global::range:
    return makeRange(budget_, arguments);
  case Global::makeNamespace:
    return makeNamespace(arguments);
  case Global::makeDict:
    return makeDict(budget_, makeMembers(budget_, arguments));
  case Global::strftimeNow:
    return currentTime(budget_, arguments);
  case Global::raiseException:
    break;
  }
  const auto given = arguments.bind("raise_exception", {"message"});
  throw Raised(toUtf8(toText(budget_, given[0] != nullptr ? *given[0] : Value())));
}

Value Interpreter::makeNamespace(const CallArguments &arguments) {
  if (namespaces_.size() == kMaxNamespaces) {
    throw Failure("the template makes more than " + std::to_string(kMaxNamespaces) + " namespaces");
  }
  Namespace made;
  for (const auto &[key, value] : makeMembers(budget_, arguments)) {
    const std::string name = key.text() != nullptr ? toUtf8(*key.text()) : "_";
    if (name.starts_with('_')) {
      throw Failure("'namespace' expected attribute names that do not begin with '_'");
    }
    made.members.insert_or_assign(name, value);
  }
  namespaces_.push_back(std::move(made));
  return Value(&namespaces_.back());
}

Value Interpreter::callMacro(const Macro &macro, const CallArguments &arguments) {
  const Budget::Level level(budget_);
  const Statement &statement = *macro.statement;
  const auto &parameters = statement.parameters;
  if (arguments.positional.size() > parameters.size()) {
    throw Failure("macro '" + statement.name + "' takes at most " + std::to_string(parameters.size()) +
                  " arguments, got " + std::to_string(arguments.positional.size()));
  }
  const ScopePtr own = inner(macro.scope);
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    own->variables.insert_or_assign(parameters[i].first, arguments.positional[i]);
  }
  for (const auto &named : arguments.named) {
    const bool isKnown = std::ranges::any_of(
        parameters, [&](const auto &parameter) { return parameter.first == named.first; });
    if (!isKnown || !own->variables.insert(named).second) {
      throw Failure("macro '" + statement.name + "' " +
                    (isKnown ? "got multiple values for argument '" : "takes no keyword argument '") +
                    named.first + "'");
    }
  }
  for (const auto &[name, value] : parameters) {
    if (!own->variables.contains(name)) {
      own->variables.insert_or_assign(
          name, value != nullptr ? evaluate(*value, own)
                                 : Value::undefined("parameter '" + name + "' was not provided"));
    }
  }
  Text text;
  Text *const outer = std::exchange(out_, &text);
  runBody(statement.body, own);
  out_ = outer;
  return makeText(budget_, std::move(text));
}

} // namespace cria::jinja
