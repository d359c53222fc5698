// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tojson as transformers has it.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

/// Python's json.dumps. indent < 0: on one line.
Text toJson(Budget &budget, const Value &value, int64_t indent, bool sortsKeys);

} // namespace cria::jinja
