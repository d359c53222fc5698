// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON as the filter tojson of transformers writes it.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

/// Python's json.dumps; on one line if indent < 0. Errors: Failure for what JSON cannot express.
Text toJson(Budget &budget, const Value &value, int64_t indent, bool sortsKeys);

} // namespace cria::jinja
