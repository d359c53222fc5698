// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interpreter: one rendering of a template.
#pragma once

#include "plugins/chat/jinja/Nodes.h"
#include "plugins/chat/jinja/Runtime.h"

#include <deque>
#include <utility>

namespace cria::jinja {

class Interpreter {
public:
  Interpreter() = default;
  Interpreter(const Interpreter &) = delete;
  Interpreter &operator=(const Interpreter &) = delete;

  /// Returns the text that `body` writes. Errors: Failure; Raised when the template calls raise_exception.
  Text run(const Body &body, std::vector<std::pair<std::string, Value>> variables);
  /// The position in the source of the node that runs or has failed.
  size_t at() const { return at_; }
  Budget &budget() { return budget_; }

private:
  enum class Flow { next, breakLoop, continueLoop };

  Flow runBody(const Body &body, const ScopePtr &scope);
  Flow runStatement(const Statement &statement, const ScopePtr &scope);
  Flow runChoice(const Statement &statement, const ScopePtr &scope);
  Flow runLoop(const Statement &statement, const ScopePtr &scope);
  Flow runWith(const Statement &statement, const ScopePtr &scope);
  std::vector<Value> loopItems(const Statement &statement, const ScopePtr &scope);
  /// Returns the text that the body writes in a scope of its own, passed through the statement's filters.
  Value capture(const Statement &statement, const ScopePtr &scope);
  void assign(const Target &target, const Value &value, Scope &scope);
  void assignAttribute(const Target &target, const Value &value, Scope &scope);
  void write(const Text &text);
  static ScopePtr inner(const ScopePtr &scope) { return std::make_shared<Scope>(Scope{{}, scope}); }

  Value evaluate(const Expression &expression, const ScopePtr &scope);
  Value evaluateOperation(const Expression &expression, const ScopePtr &scope);
  Value evaluateCall(const Expression &expression, const ScopePtr &scope);
  Value evaluateSlice(const Expression &expression, const ScopePtr &scope);
  Value evaluateComparison(const Expression &expression, const ScopePtr &scope);
  Value evaluateConditional(const Expression &expression, const ScopePtr &scope);
  Value evaluateConcatenation(const Expression &expression, const ScopePtr &scope);
  Value evaluateDict(const Expression &expression, const ScopePtr &scope);
  Value lookUp(const std::string &name, const Scope &scope);
  std::vector<Value> evaluateAll(const std::vector<ExpressionPtr> &expressions, const ScopePtr &scope);
  CallArguments evaluateArguments(const Arguments &arguments, const ScopePtr &scope);
  Value callGlobal(Global function, const CallArguments &arguments);
  Value callMacro(const Macro &macro, const CallArguments &arguments);
  Value makeNamespace(const CallArguments &arguments);

  Budget budget_;
  size_t at_ = 0;
  Text *out_ = nullptr;
  std::deque<Macro> macros_;
  std::deque<Namespace> namespaces_;
};

} // namespace cria::jinja
