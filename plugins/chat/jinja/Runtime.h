// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a running template uses: arguments of calls, scopes, macros, the variable `loop` and the global
// functions.
#pragma once

#include "plugins/chat/jinja/Value.h"

#include <algorithm>

namespace cria::jinja {

struct Statement;

/// The evaluated arguments of a filter, test, method, macro or function.
struct CallArguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// Returns the argument for each name, or null where it was omitted. Errors: Failure for too many and for
  /// unknown arguments.
  std::vector<const Value *> bind(std::string_view callee,
                                  std::initializer_list<std::string_view> names) const {
    if (positional.size() > names.size()) {
      throw Failure("'" + std::string(callee) + "' takes at most " + std::to_string(names.size()) +
                    " arguments, got " + std::to_string(positional.size()));
    }
    std::vector<const Value *> bound(names.size(), nullptr);
    for (size_t i = 0; i < positional.size(); ++i) {
      bound[i] = &positional[i];
    }
    for (const auto &[name, value] : named) {
      const auto place = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
      const bool isKnown = place < names.size();
      if (!isKnown || bound[place] != nullptr) {
        throw Failure("'" + std::string(callee) + "' " +
                      (isKnown ? "got multiple values for argument '" : "takes no keyword argument '") +
                      name + "'");
      }
      bound[place] = &value;
    }
    return bound;
  }
};

/// Returns the integer in `value`, or `absent` if the argument was omitted. Errors: Failure for other types.
inline int64_t integerOf(const Value *value, int64_t absent, std::string_view callee) {
  if (value == nullptr) {
    return absent;
  }
  const std::optional<int64_t> number = value->integer();
  return number ? *number
                : throw Failure("'" + std::string(callee) + "' expected an int, got " +
                                std::string(value->typeName()));
}

/// Returns the text in `value`, or nullopt if the argument was omitted or none. Errors: Failure for other
/// types.
inline std::optional<TextView> textOf(const Value *value, std::string_view callee) {
  if (value == nullptr || value->is<None>()) {
    return std::nullopt;
  }
  return value->text() != nullptr ? TextView(*value->text())
                                  : throw Failure("'" + std::string(callee) + "' expected a str, got " +
                                                  std::string(value->typeName()));
}

/// Returns the text in `value`. Errors: Failure, also if the argument was omitted or none.
inline TextView requiredText(const Value *value, std::string_view callee) {
  const std::optional<TextView> text = textOf(value, callee);
  return text ? *text : throw Failure("'" + std::string(callee) + "' expected a str");
}

struct Scope {
  std::map<std::string, Value, std::less<>> variables;
  std::shared_ptr<Scope> outer;
};
using ScopePtr = std::shared_ptr<Scope>;

/// A macro and the scope of its definition. The interpreter owns macros, since scopes refer to macros and
/// macros to scopes.
struct Macro {
  const Statement *statement;
  ScopePtr scope;
};

/// The message of a template's raise_exception().
class Raised : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The result of range(...). Errors: Failure.
Value makeRange(Budget &budget, const CallArguments &arguments);
/// The result of strftime_now(format), a function of transformers: the local time, as strftime writes it in
/// the locale "C". Errors: Failure.
Value currentTime(Budget &budget, const CallArguments &arguments);
/// The members that the arguments of dict(...) or namespace(...) name. Errors: Failure.
std::vector<Entry> makeMembers(Budget &budget, const CallArguments &arguments);
/// Returns the global function of that name, if there is one.
std::optional<Global> globalNamed(std::string_view name);
/// Returns the variable `loop` in the iteration over items[index].
Value loopVariable(Budget &budget, const std::vector<Value> &items, size_t index);

} // namespace cria::jinja
