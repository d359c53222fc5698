// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Statements.
#include "plugins/chat/jinja/Interpreter.h"

namespace cria::jinja {

using Kind = Statement::Kind;

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
  case Kind::text:
    write(*statement.text.text());
    return Flow::next;
  case Kind::print:
    write(toText(budget_, evaluate(*statement.value, scope)));
    return Flow::next;
  case Kind::choose:
    return runChoice(statement, scope);
  case Kind::loop:
    return runLoop(statement, scope);
  case Kind::set:
    assign(statement.target, evaluate(*statement.value, scope), *scope);
    return Flow::next;
  case Kind::setBlock:
    assign(statement.target, capture(statement, scope), *scope);
    return Flow::next;
  case Kind::macro:
    budget_.step(16); // it lives until the end
    macros_.push_back({&statement, scope});
    scope->variables.insert_or_assign(statement.name, Value(static_cast<const Macro *>(&macros_.back())));
    return Flow::next;
  case Kind::filterBlock:
    write(toText(budget_, capture(statement, scope)));
    return Flow::next;
  case Kind::with:
    return runWith(statement, scope);
  case Kind::same:
    return runBody(statement.body, inner(scope));
  case Kind::breakLoop:
    return Flow::breakLoop;
  case Kind::continueLoop:
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

Value Interpreter::loopVariable(const std::vector<Value> &items, size_t index) {
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
      {name("depth"), Value(int64_t{1})}, // of recursion, which there is none
      {name("depth0"), Value(int64_t{0})},
      {name("previtem"), neighbour(index > 0, index - 1, "there is no item before the first")},
      {name("nextitem"), neighbour(index + 1 < count, index + 1, "there is no item after the last")},
  };
  return makeDict(budget_, std::move(loop), /*isLoop=*/true);
}

// Jinja runs the else part when no run of the body came to its end, also after break and continue.
Interpreter::Flow Interpreter::runLoop(const Statement &statement, const ScopePtr &scope) {
  const std::vector<Value> items = loopItems(statement, scope);
  bool isComplete = false;
  for (size_t i = 0; i < items.size(); ++i) {
    budget_.step();
    const ScopePtr own = inner(scope);
    own->variables.insert_or_assign("loop", loopVariable(items, i));
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
      throw Failure("expected " + std::to_string(target.parts.size()) + " values for as many names, found " +
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
    throw Failure("expected a namespace and a name without '_' at its beginning to assign to, found '" +
                  target.name + "." + target.attribute + "'");
  }
  holder.get<Namespace *>()->members.insert_or_assign(target.attribute, value);
}

} // namespace cria::jinja
