// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators, subscripts and attributes with the semantics of Python and Jinja.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

/// Applies one of + - * / // % **. Errors: Failure, such as for a str plus an int or on overflow.
Value applyOperator(Budget &budget, std::string_view symbol, const Value &a, const Value &b);
Value negated(const Value &value);
/// Applies one of == != < <= > >= in, not in. Errors: Failure for operands without an order.
bool compareValues(Budget &budget, std::string_view symbol, const Value &a, const Value &b);

/// Returns value[key], or an undefined value if there is no such item.
Value itemOf(Budget &budget, const Value &value, const Value &key);
/// Returns value.name, or an undefined value if there is no such attribute.
Value attributeOf(Budget &budget, const Value &value, std::string_view name);
/// Returns value[from:to:step]; null stands for an omitted bound.
Value sliceOf(Budget &budget, const Value &value, const Value *from, const Value *to, const Value *step);
/// Returns the number of characters or items. Errors: Failure for other types.
int64_t lengthOf(const Value &value);

/// Returns item.a.b for the path "a.b", and item[0] for the path 0.
Value attributePath(Budget &budget, const Value &item, const Value &path);
/// Returns the entries of a dict as a list of tuples.
Value entriesOf(Budget &budget, const Dict &dict);

} // namespace cria::jinja
