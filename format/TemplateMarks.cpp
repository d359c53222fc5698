// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/TemplateMarks.h"

#include <algorithm>

namespace cria {

/// Bytes of other characters than ASCII belong to words.
static bool isWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

static bool isRole(std::string_view word) {
  return word == "system" || word == "user" || word == "assistant";
}

bool mentionsToken(std::string_view text, std::string_view name) {
  if (name.empty() || text.find(name) != text.npos) {
    return !name.empty();
  }
  while (!name.empty()) {
    const auto differs = [first = isWordByte(name.front())](char c) { return isWordByte(c) != first; };
    const std::string_view part(name.begin(), std::ranges::find_if(name, differs));
    if (!isRole(part) && text.find(part) == text.npos) {
      return false;
    }
    name.remove_prefix(part.size());
  }
  return true;
}

} // namespace cria
