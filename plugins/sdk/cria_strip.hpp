// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_strip.hpp - strip() as Python's str has it: chat formats are defined by templates that use it.
#pragma once

#include <cstddef>
#include <string_view>

namespace cria::plugin {

/// Every character for which Python's str.isspace() holds, in UTF-8.
inline constexpr std::string_view kWhitespace[] = {
    "\x09",         "\x0A",         "\x0B",         "\x0C",         "\x0D",
    "\x1C",         "\x1D",         "\x1E",         "\x1F",         " ",
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

inline std::string_view stripLeft(std::string_view text) {
  for (size_t before = text.size() + 1; before != text.size();) {
    before = text.size();
    for (const std::string_view space : kWhitespace) {
      text.remove_prefix(text.starts_with(space) ? space.size() : 0);
    }
  }
  return text;
}

inline std::string_view stripRight(std::string_view text) {
  for (size_t before = text.size() + 1; before != text.size();) {
    before = text.size();
    for (const std::string_view space : kWhitespace) {
      text.remove_suffix(text.ends_with(space) ? space.size() : 0);
    }
  }
  return text;
}

inline std::string_view strip(std::string_view text) { return stripRight(stripLeft(text)); }

} // namespace cria::plugin
