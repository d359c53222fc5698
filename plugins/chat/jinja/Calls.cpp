// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls of methods, macros and functions.
#include "plugins/chat/jinja/Interpreter.h"
#include "plugins/chat/jinja/Methods.h"
#include "plugins/chat/jinja/Operators.h"

namespace cria::jinja {

static constexpr size_t kMaxNamespaces = 10'000; // they live until the end

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
             : throw Failure("a " + std::string(function.typeName()) + " cannot be called");
}

Value Interpreter::callGlobal(Global function, const CallArguments &arguments) {
  switch (function) {
  case Global::range:
    return makeRange(budget_, arguments);
  case Global::makeNamespace:
    return makeNamespace(arguments);
  case Global::makeDict:
    return makeDict(budget_, makeMembers(budget_, arguments));
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
      throw Failure("a namespace takes names without '_' at their beginning");
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
    throw Failure("the macro '" + statement.name + "' takes at most " + std::to_string(parameters.size()) +
                  " arguments");
  }
  const ScopePtr own = inner(macro.scope);
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    own->variables.insert_or_assign(parameters[i].first, arguments.positional[i]);
  }
  for (const auto &[name, value] : arguments.named) {
    const bool isKnown =
        std::ranges::any_of(parameters, [&](const auto &parameter) { return parameter.first == name; });
    if (!isKnown || !own->variables.try_emplace(name, value).second) {
      throw Failure("the macro '" + statement.name + "' takes no argument '" + name + "' here");
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
