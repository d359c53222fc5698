// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators, subscripts and attributes, as Python and Jinja have them.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

/// `symbol`: + - * / // % **. Errors: Failure, e.g. for a str plus an int, or an overflow.
Value applyOperator(Budget &budget, std::string_view symbol, const Value &a, const Value &b);
Value negated(const Value &value);
/// `symbol`: == != < <= > >= in, not in.
bool compareValues(Budget &budget, std::string_view symbol, const Value &a, const Value &b);

/// value[key]; undefined where there is none.
Value itemOf(Budget &budget, const Value &value, const Value &key);
/// value.name; undefined where there is none.
Value attributeOf(Budget &budget, const Value &value, std::string_view name);
/// value[from:to:step]; a bound that is null is left out.
Value sliceOf(Budget &budget, const Value &value, const Value *from, const Value *to, const Value *step);
/// Number of characters or items. Errors: Failure.
int64_t lengthOf(const Value &value);

/// item.a.b for the text "a.b", item[0] for 0.
Value attributePath(Budget &budget, const Value &item, const Value &path);
/// The entries of a dict, as tuples.
Value entriesOf(Budget &budget, const Dict &dict);

} // namespace cria::jinja
