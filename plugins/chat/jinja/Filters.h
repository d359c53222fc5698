// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Filters: subject | name(arguments).
#pragma once

#include "plugins/chat/jinja/Runtime.h"

namespace cria::jinja {

struct Filter {
  std::string_view name;
  Value (*apply)(Budget &budget, const Value &subject, const CallArguments &arguments);
};

/// The filters whose subject is a text, a number or any value, and those over the items of a sequence.
std::span<const Filter> valueFilters();
std::span<const Filter> sequenceFilters();

bool isFilter(std::string_view name);
/// Returns the filtered subject. Errors: Failure, also when there is no such filter.
Value applyFilter(Budget &budget, std::string_view name, const Value &subject,
                  const CallArguments &arguments);

} // namespace cria::jinja
