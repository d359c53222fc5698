// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Filters.h"

namespace cria::jinja {

static const Filter *findFilter(std::string_view name) {
  for (const auto filters : {textFilters(), valueFilters(), sequenceFilters(), selectionFilters()}) {
    const auto found = std::ranges::find(filters, name, &Filter::name);
    if (found != filters.end()) {
      return &*found;
    }
  }
  return nullptr;
}

bool isFilter(std::string_view name) { return findFilter(name) != nullptr; }

Value applyFilter(Budget &budget, std::string_view name, const Value &subject,
                  const CallArguments &arguments) {
  const Filter *filter = findFilter(name);
  return filter != nullptr ? filter->apply(budget, subject, arguments)
                           : throw Failure("the filter '" + std::string(name) + "' is not known here");
}

} // namespace cria::jinja
