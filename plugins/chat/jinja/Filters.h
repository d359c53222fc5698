// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Filters: value | name(arguments).
#pragma once

#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

struct Filter {
  std::string_view name;
  Value (*apply)(Budget &budget, const Value &subject, const CallArguments &arguments);
};

/// By subject: what works on texts, on numbers and values of any kind, and on sequences.
std::span<const Filter> textFilters();
std::span<const Filter> valueFilters();
std::span<const Filter> sequenceFilters();
std::span<const Filter> selectionFilters();

bool isFilter(std::string_view name);
/// Errors: Failure, also when there is no such filter.
Value applyFilter(Budget &budget, std::string_view name, const Value &subject,
                  const CallArguments &arguments);

} // namespace cria::jinja
