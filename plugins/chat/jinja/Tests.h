// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tests: subject is name(arguments).
#pragma once

#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

bool isTest(std::string_view name);
/// Returns whether the test holds. Errors: Failure, also when there is no such test.
bool applyTest(Budget &budget, std::string_view name, const Value &subject, const CallArguments &arguments);

} // namespace cria::jinja
