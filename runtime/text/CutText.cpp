// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/CutText.h"

#include "support/Utf8.h"

#include <algorithm>

namespace cria {

/// The offset behind the first character of the name that begins first in `text`; npos if there is none.
static size_t findCut(std::string_view text, std::span<const std::string> names) {
  size_t first = text.npos;
  size_t cut = text.npos;
  for (const std::string &name : names) {
    const int size = name.empty() ? 0 : utf8::measure(name);
    const bool isLonger = size > 0 && static_cast<size_t>(size) < name.size();
    if (const size_t found = isLonger ? text.find(name) : text.npos; found < first) {
      first = found;
      cut = found + static_cast<size_t>(size);
    }
  }
  return cut;
}

std::vector<std::string_view> cutAtNames(std::string_view text, std::span<const std::string> names) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t cut = std::min(findCut(text, names), text.size());
    parts.push_back(text.substr(0, cut));
    text.remove_prefix(cut);
  }
  return parts;
}

} // namespace cria
