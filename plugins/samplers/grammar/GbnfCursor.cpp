// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/GbnfCursor.h"

#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>

namespace cria::grammar {

bool GbnfCursor::take(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) {
    return false;
  }
  at_ += word.size();
  return true;
}

void GbnfCursor::failAt(size_t at, const std::string &what) const {
  const std::string_view before = text_.substr(0, at);
  const size_t newline = before.rfind('\n');
  const std::string_view line = newline == before.npos ? before : before.substr(newline + 1);
  throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                        "line " + std::to_string(std::count(before.begin(), before.end(), '\n') + 1) +
                            ", column " + std::to_string(plugin::countCharacters(line) + 1) + ": " + what);
}

void GbnfCursor::expected(const std::string &what) const {
  failAt(at_, "expected " + what + ", got " + (atEnd() ? "the end" : "'" + std::string(1, text_[at_]) + "'"));
}

void GbnfCursor::skipSpace(bool withNewlines) {
  while (!atEnd()) {
    if (peek() == '#') {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (peek() == ' ' || peek() == '\t' || (withNewlines && isNewline())) {
      ++at_;
    } else {
      return;
    }
  }
}

bool GbnfCursor::isWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string GbnfCursor::takeName() {
  const size_t begin = at_;
  while (!atEnd() && isWord(peek())) {
    ++at_;
  }
  if (at_ == begin) {
    expected("a rule name");
  }
  return std::string(text_.substr(begin, at_ - begin));
}

uint32_t GbnfCursor::takeHex(int digits) {
  uint32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const std::string_view hex = "0123456789abcdef";
    const size_t digit =
        atEnd() ? hex.npos : hex.find(static_cast<char>(std::tolower(static_cast<unsigned char>(peek()))));
    if (digit == hex.npos) {
      expected(std::to_string(digits) + " hexadecimal digits");
    }
    value = value * 16 + static_cast<uint32_t>(digit);
    ++at_;
  }
  return value;
}

uint32_t GbnfCursor::takeEscape() {
  ++at_; // the backslash
  const std::string_view names = "nrt\\\"[]-^", values = "\n\r\t\\\"[]-^";
  const char name = peek();
  if (const size_t index = atEnd() ? names.npos : names.find(name); index != names.npos) {
    ++at_;
    return static_cast<uint8_t>(values[index]);
  }
  const int digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
  if (digits == 0) {
    expected("n, r, t, x, u, U, \\, \", [ or ] after a backslash");
  }
  ++at_;
  const uint32_t character = takeHex(digits);
  if (character > utf8::kLastCharacter) {
    failAt(at_, "code point is above U+10FFFF");
  }
  return character;
}

uint32_t GbnfCursor::takeCharacter() {
  if (peek() == '\\') {
    return takeEscape();
  }
  const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(text_, at_);
  if (!decoded) {
    expected("UTF-8");
  }
  at_ += decoded->size;
  return decoded->character;
}

uint32_t GbnfCursor::takeCount(uint32_t limit) {
  const size_t begin = at_;
  uint64_t count = 0;
  while (!atEnd() && peek() >= '0' && peek() <= '9' && count <= limit) {
    count = count * 10 + static_cast<uint64_t>(peek() - '0');
    ++at_;
  }
  if (at_ == begin || count > limit) {
    at_ = begin;
    expected("a number from 0 to " + std::to_string(limit));
  }
  return static_cast<uint32_t>(count);
}

} // namespace cria::grammar
