// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Methods of texts, lists and dicts.
#pragma once

#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

/// value.name(arguments). Errors: Failure, also when there is no such method.
Value callMethod(Budget &budget, const Value &subject, std::string_view name, const CallArguments &arguments);
Value callTextMethod(Budget &budget, TextView text, std::string_view name, const CallArguments &arguments);
/// Whether dicts have it, before any key of that name.
bool isDictMethod(std::string_view name);

[[noreturn]] inline void refuseMethod(std::string_view type, std::string_view name) {
  throw Failure("a " + std::string(type) + " has no method '" + std::string(name) + "' here");
}

} // namespace cria::jinja
