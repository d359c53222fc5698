// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a template that runs works with: arguments of calls, scopes, macros, the variable loop and the
// functions that every template has.
#pragma once

#include "plugins/chat/jinja/Value.h"

#include <algorithm>

namespace cria::jinja {

struct Statement;

struct CallArguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// One pointer per name, null where it was not given. Errors: Failure, for too many and unknown ones.
  std::vector<const Value *> bind(std::string_view callee,
                                  std::initializer_list<std::string_view> names) const {
    if (positional.size() > names.size()) {
      throw Failure("'" + std::string(callee) + "' takes at most " + std::to_string(names.size()) +
                    " arguments");
    }
    std::vector<const Value *> bound(names.size(), nullptr);
    for (size_t i = 0; i < positional.size(); ++i) {
      bound[i] = &positional[i];
    }
    for (const auto &[name, value] : named) {
      const auto place = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
      if (place == names.size() || bound[place] != nullptr) {
        throw Failure("'" + std::string(callee) + "' takes no argument '" + name + "' here");
      }
      bound[place] = &value;
    }
    return bound;
  }
};

/// The number in `value`, or `absent` where it was not given. Errors: Failure.
inline int64_t integerOf(const Value *value, int64_t absent, std::string_view callee) {
  if (value == nullptr) {
    return absent;
  }
  const std::optional<int64_t> number = value->integer();
  return number ? *number
                : throw Failure("'" + std::string(callee) + "' takes an int, found a " +
                                std::string(value->typeName()));
}

/// The text in `value`; nullopt where it was not given or is none. Errors: Failure.
inline std::optional<TextView> textOf(const Value *value, std::string_view callee) {
  if (value == nullptr || value->is<None>()) {
    return std::nullopt;
  }
  return value->text() != nullptr ? TextView(*value->text())
                                  : throw Failure("'" + std::string(callee) + "' takes a str, found a " +
                                                  std::string(value->typeName()));
}

/// The same where it must be given.
inline TextView requiredText(const Value *value, std::string_view callee) {
  const std::optional<TextView> text = textOf(value, callee);
  return text ? *text : throw Failure("'" + std::string(callee) + "' needs a str");
}

struct Scope {
  std::map<std::string, Value, std::less<>> variables;
  std::shared_ptr<Scope> outer;
};
using ScopePtr = std::shared_ptr<Scope>;

/// A macro and the scope it was defined in. Owned by the interpreter: scopes hold macros, macros hold scopes.
struct Macro {
  const Statement *statement;
  ScopePtr scope;
};

/// What raise_exception() of a template says.
class Raised : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// range(...).
Value makeRange(Budget &budget, const CallArguments &arguments);
/// The members that dict(...) and namespace(...) ask for.
std::vector<Entry> makeMembers(Budget &budget, const CallArguments &arguments);
/// The function of that name, if there is one.
std::optional<Global> globalNamed(std::string_view name);
/// The variable `loop` at one item of a loop.
Value loopVariable(Budget &budget, const std::vector<Value> &items, size_t index);

} // namespace cria::jinja
