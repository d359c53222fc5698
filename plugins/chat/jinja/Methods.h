// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The methods of str, list and dict that templates can call.
#pragma once

#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

/// Calls subject.name(arguments). Errors: Failure, also when there is no such method.
Value callMethod(Budget &budget, const Value &subject, std::string_view name, const CallArguments &arguments);
Value callTextMethod(Budget &budget, TextView text, std::string_view name, const CallArguments &arguments);
/// Whether dicts have a method of that name, which takes precedence over a key.
bool isDictMethod(std::string_view name);

[[noreturn]] inline void refuseMethod(std::string_view type, std::string_view name) {
  throw Failure("'" + std::string(type) + "' object has no method '" + std::string(name) + "'");
}

} // namespace cria::jinja
