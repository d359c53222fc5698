// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/TemplateMarks.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cria {

/// Longer names are marks only where a text contains them: no template assembles them.
static constexpr size_t kMaxJoined = 128;

/// Bytes of other characters than ASCII belong to words.
static bool isWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Tags with a minus remove the white space beside them.
static std::string_view stripped(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r";
  const size_t first = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

TemplateMarks::TemplateMarks(TemplateLiterals literals) : literals_(std::move(literals)) {
  for (const std::string &text : literals_.texts) {
    addParts(text);
    addParts(stripped(text));
  }
}

void TemplateMarks::addParts(std::string_view text) {
  whole_.insert(text);
  for (size_t size = 1; size <= std::min(text.size(), kMaxJoined); ++size) {
    beginnings_.insert(text.substr(0, size));
    ends_.insert(text.substr(text.size() - size));
  }
}

bool TemplateMarks::mentions(std::string_view name) const {
  const auto contains = [name](const std::string &text) { return text.find(name) != text.npos; };
  return !name.empty() && (std::ranges::any_of(literals_.texts, contains) || isJoined(name));
}

bool TemplateMarks::isJoined(std::string_view name) const {
  constexpr std::array<std::string_view, 3> roles = {"system", "user", "assistant"};
  const auto isRole = [&](std::string_view part) { return std::ranges::find(roles, part) != roles.end(); };
  const size_t size = name.size();
  if (size > kMaxJoined || isRole(name)) {
    return isRole(name) && literals_.writesRole;
  }
  std::vector<bool> reached(size + 1); // the offsets up to which parts make the name
  for (size_t end = 1; end <= size; ++end) {
    const bool cutsWord = end < size && isWordByte(name[end - 1]) && isWordByte(name[end]);
    for (size_t start = 0; start < end && !cutsWord && !reached[end]; ++start) {
      const std::string_view part = name.substr(start, end - start);
      reached[end] =
          start == 0 ? end < size && (isRole(part) || ends_.contains(part))
                     : reached[start] && (isRole(part) || (end < size ? whole_ : beginnings_).contains(part));
    }
  }
  return reached[size];
}

} // namespace cria
