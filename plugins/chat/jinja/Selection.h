// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What filters over the items of sequences share.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

/// item.a.b for the text "a.b", item[0] for 0.
Value attributePath(Budget &budget, const Value &item, const Value &path);
/// The entries of a dict, as tuples.
Value entriesOf(Budget &budget, const Dict &dict);

} // namespace cria::jinja
