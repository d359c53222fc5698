// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/llama2/PythonStrip.h"

namespace {

// Every character for which Python's str.isspace() holds, in UTF-8.
constexpr std::string_view kWhitespace[] = {
    "\x09",         "\x0A",         "\x0B",         "\x0C",         "\x0D",
    "\x1C",         "\x1D",         "\x1E",         "\x1F",         " ",
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

} // namespace

static size_t whitespaceAtFront(std::string_view text) {
  for (const std::string_view space : kWhitespace) {
    if (text.starts_with(space)) {
      return space.size();
    }
  }
  return 0;
}

static size_t whitespaceAtBack(std::string_view text) {
  for (const std::string_view space : kWhitespace) {
    if (text.ends_with(space)) {
      return space.size();
    }
  }
  return 0;
}

std::string_view stripLeft(std::string_view text) {
  while (const size_t size = whitespaceAtFront(text)) {
    text.remove_prefix(size);
  }
  return text;
}

std::string_view stripRight(std::string_view text) {
  while (const size_t size = whitespaceAtBack(text)) {
    text.remove_suffix(size);
  }
  return text;
}
